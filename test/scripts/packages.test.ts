/** The two packages as a stranger has them: `npm install` in an empty folder, from tarballs, by a registry on loopback. */
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getLibFiles, ts } from '@ts-morph/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, root } from '../../bench/lib/bundle.ts';
import { buildPackages } from '../../scripts/build-packages.ts';
import { startRegistry } from './support/registry.ts';
import { wranglerDev } from './support/wrangler-dev.ts';

const INSTALLED_MAX_BYTES = 40 * 1_048_576;
const CLIENT_MAX_BYTES = 200 * 1_024;

const NODES = ['/usr/bin/node', process.execPath].filter((node) => existsSync(node));

let folder: string;
/** A Worker of somebody. */
let host: string;
/** A page of somebody. */
let page: string;

/** Not in a blocking call: this process serves the packages. */
const npm = (cwd: string, args: readonly string[], registry: string) =>
  new Promise<void>((done, failed) => {
    const child = spawn('npm', [...args, '--registry', registry, '--no-audit', '--no-fund'], {
      cwd,
      env: { ...process.env, npm_config_cache: join(folder, 'cache'), npm_config_update_notifier: 'false' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaints = '';
    child.stderr.on('data', (chunk) => (complaints += chunk));
    child.on('close', (code) => (code === 0 ? done() : failed(new Error(complaints))));
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hono-accounts-packages-'));
  const tarballs = await buildPackages(join(folder, 'packages'));
  [host, page] = [join(folder, 'host'), join(folder, 'page')];
  for (const project of [host, page]) {
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}');
  }
  const registry = await startRegistry(Object.values(tarballs));
  try {
    await npm(host, ['install', 'hono-accounts', 'hono', '@cloudflare/workers-types'], registry.url);
    await npm(page, ['install', 'hono-accounts-client'], registry.url);
  } finally {
    registry.stop();
  }
  // 200 MB that need not be copied.
  for (const name of ['wrangler', 'react', '@types/react', 'standardwebhooks']) {
    mkdirSync(join(host, 'node_modules/@types'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(host, 'node_modules', name));
  }
  writeFileSync(
    join(host, 'host.ts'),
    readFileSync(join(root, 'examples/host.ts'), 'utf8').replace('../src/index.ts', 'hono-accounts'),
  );
  for (const name of ['src', 'tsconfig.json']) {
    cpSync(join(root, 'examples/notes', name), join(host, 'notes', name), { recursive: true });
  }
  writeFileSync(
    join(host, 'guarded.ts'),
    `import { Hono } from 'hono';
import { isAuthenticated } from 'hono-accounts/guard';

export default new Hono().get('/notes', isAuthenticated(), (c) => c.json({ owner: c.var.account.id }));
`,
  );
  writeFileSync(
    join(host, 'wrangler.jsonc'),
    JSON.stringify({
      name: 'host',
      main: 'host.ts',
      compatibility_date: '2026-11-02',
      d1_databases: [{ binding: 'DB', database_name: 'host' }],
      kv_namespaces: [{ binding: 'BLACKLIST' }],
      vars: { PASSWORD_MIN_LENGTH: '20' },
    }),
  );
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }), 60_000);

const files = (of: string) =>
  readdirSync(of, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(of, file)).isFile());
const bytes = (of: string) => files(of).reduce((sum, file) => sum + statSync(join(of, file)).size, 0);
const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

describe('hono-accounts', () => {
  const own = (...path: string[]) => join(host, 'node_modules/hono-accounts', ...path);

  it('contains what it needs, and no sources, tests, benchmarks or Node', () => {
    const roots = new Set(files(own()).map((file) => file.split('/')[0]));
    expect([...roots].sort()).toEqual([
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'assets', 'bin', 'client', 'lib', 'migrations'],
      ...['package.json', 'template'],
    ]);
    expect(
      files(own()).filter((file) => /(?<!\.d)\.tsx?$/.test(file) && !file.startsWith('template/')),
    ).toEqual([]);
    expect(readdirSync(join(host, 'node_modules/.bin'))).not.toContain('node');
  });

  it('is small, its dependencies included', () => {
    const names = readdirSync(join(host, 'node_modules')).filter(
      (name) => !['wrangler', 'react', '@types', '@cloudflare', 'standardwebhooks', '.bin'].includes(name),
    );
    const sum = names.reduce((total, name) => {
      const path = join(host, 'node_modules', name);
      return total + (statSync(path).isDirectory() ? bytes(path) : 0);
    }, 0);
    expect(sum).toBeLessThan(INSTALLED_MAX_BYTES);
  });

  it('uses the host’s hono, and runs no install script', () => {
    const manifest = readJson(own('package.json'));
    expect(manifest.peerDependencies).toHaveProperty('hono');
    expect(manifest.dependencies).not.toHaveProperty('hono');
    expect(manifest).not.toHaveProperty('scripts');
    expect(manifest).not.toHaveProperty('optionalDependencies');
    expect(existsSync(own('node_modules/hono'))).toBe(false);
  });

  it.each(NODES)('is loaded by plain Node: %s', (node) => {
    const program = `
      const all = await Promise.all(['', '/guard', '/client'].map((entry) => import('hono-accounts' + entry)));
      console.log(all.map((module) => typeof (module.createAccounts ?? module.requireAccount ?? module.createClient)).join());`;
    const { stdout, stderr } = spawnSync(node, ['--input-type=module', '-e', program], {
      cwd: host,
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['function,function,function\n', '']);
  });

  it('has source maps that contain their sources', () => {
    const map = readJson(own('lib/token/rotation.js.map'));
    expect(map.sourcesContent[0]).toContain('export function judgeRotation');
  });

  const STRICT = {
    strict: true,
    noPropertyAccessFromIndexSignature: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022'],
    types: ['@cloudflare/workers-types'],
  };
  const RESOLUTIONS = [
    { module: 'esnext', moduleResolution: 'bundler' },
    { module: 'nodenext', moduleResolution: 'nodenext' },
  ];
  describe.each(RESOLUTIONS)('passes the type-checker of a strict host, $moduleResolution', (resolution) => {
    const compilerOptions = { ...STRICT, ...resolution };
    const entries = ['host.ts', 'guarded.ts'];

    it('of TypeScript 7', () => {
      writeFileSync(join(host, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: entries }));
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const { stdout } = spawnSync(process.execPath, [tsc, '-p', host], { encoding: 'utf8' });
      expect(stdout).toBe('');
    });

    it('of TypeScript 5', () => {
      expect(ts.version).toMatch(/^5\./);
      const lib = join(folder, 'typescript-5');
      mkdirSync(lib, { recursive: true });
      for (const { fileName, text } of getLibFiles()) writeFileSync(join(lib, fileName), text);
      const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, host);
      const program = ts.createProgram(
        entries.map((name) => join(host, name)),
        options,
        {
          ...ts.createCompilerHost(options),
          getCurrentDirectory: () => host,
          getDefaultLibLocation: () => lib,
          getDefaultLibFileName: (of) => join(lib, ts.getDefaultLibFileName(of)),
        },
      );
      const problems = ts
        .getPreEmitDiagnostics(program)
        .map(({ file, messageText }) => [file?.fileName, ts.flattenDiagnosticMessageText(messageText, '\n')]);
      expect(problems).toEqual([]);
    });
  });

  it('is bundled without React', async () => {
    const text = await bundle('host.ts', { from: host });
    expect([text.includes('/notes'), text.match(/\bReact\.\w+/g)]).toEqual([true, null]);
  });

  it('adds nothing but the guard to a Worker that only guards its routes', async () => {
    const text = await bundle('guarded.ts', { from: host });
    expect(text).toContain('/notes');
    for (const foreign of ['SQLiteD1Session', 'ZodMini', 'qwerty']) expect(text).not.toContain(foreign);
  });

  it.each(['/auth/email/verify', '/auth/password/reset/confirm', '/admin/login'])(
    'answers %s with a page',
    async (path) => {
      const file = join(host, `bundled${path.replaceAll('/', '-')}.mjs`);
      writeFileSync(file, await bundle('host.ts', { from: host }));
      const { default: app } = await import(pathToFileURL(file).href);
      const env = {
        DB: {},
        BLACKLIST: {},
        SIGNING_KEY: 'a-signing-key-for-tests-0123456789-abcdefghijk',
        ENVIRONMENT: 'development',
        RATE_LIMITS: 'off',
      };
      const answer: Response = await app.fetch(new Request(`http://localhost${path}`), env);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toMatch(/^<!doctype html><html lang="en">/);
    },
  );
});

/** In a folder of the host, as somebody who works there. */
const call = (args: readonly string[], { cwd = join(host, 'src'), input = '' } = {}) => {
  mkdirSync(cwd, { recursive: true });
  const { NODE_OPTIONS: _, INIT_CWD: __, ...env } = process.env;
  return spawnSync(process.execPath, [join(host, 'node_modules/.bin/hono-accounts'), ...args], {
    cwd,
    encoding: 'utf8',
    input,
    env: { ...env, PASSWORD_ITERATIONS: '1000' },
  });
};

describe('npx hono-accounts', () => {
  it('creates the tables in the database of the host, once', () => {
    const first = call(['migrate']);
    expect([first.stderr, first.status]).toEqual(['', 0]);
    expect(first.stdout.match(/0001_accounts\.sql/g)).toHaveLength(1);
    expect(call(['migrate']).stdout).toMatch(/No migrations to apply/);
    expect(existsSync(join(host, '.wrangler/state/v3/d1'))).toBe(true);
    expect(readdirSync(join(host, '.wrangler')).filter((name) => name.endsWith('.json'))).toEqual([]);
  }, 120_000);

  it('creates a staff account by the rules of the host, and exports and imports users', () => {
    const weak = call(['createsuperuser', '--email', 'boss@example.com'], { input: 'correct horse\n' });
    expect([weak.status, weak.stderr]).toEqual([1, expect.stringContaining('at least 20 characters')]);
    const made = call(['createsuperuser', '--email', 'boss@example.com'], {
      input: 'correct horse battery staple\n',
    });
    expect([made.stderr, made.status]).toEqual(['', 0]);
    expect(made.stdout).toContain('Created the staff account boss@example.com');

    const exported = call(['export-users', 'users.jsonl', '--with-hashes']);
    expect([exported.stderr, exported.status]).toEqual(['', 0]);
    expect(readJson(host, 'src/users.jsonl')).toMatchObject({ email: 'boss@example.com', is_staff: true });
    const again = call(['import-users', 'users.jsonl', '--dry-run']);
    expect([again.stderr, again.stdout, again.status]).toEqual([
      expect.anything(),
      expect.stringContaining('Dry run'),
      0,
    ]);
  }, 240_000);

  it('creates keys without any configuration', () => {
    const { stdout, status } = call(['keys', 'new'], { cwd: join(folder, 'elsewhere') });
    expect(status).toBe(0);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ alg: 'ES256' });
  });

  it.each<[string, string[], RegExp]>([
    ['no configuration', ['migrate'], /No wrangler\.toml, wrangler\.json or wrangler\.jsonc was found/],
    ['an unknown command', ['migrat'], /Unknown command: migrat\nUsage: npx hono-accounts/],
    ['a wrong option', ['keys', 'new', '--alg', 'none'], /Usage: npx hono-accounts keys new/],
  ])('reports that there is %s', (_, args, message) => {
    const { stderr, status } = call(args, { cwd: join(folder, 'elsewhere') });
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });

  it.each([
    ['migrate', []],
    ['createsuperuser', ['--email', 'boss@example.com']],
    ['export-users', ['users.jsonl']],
  ])('%s reports that wrangler is not installed', (command, options) => {
    const installed = join(host, 'node_modules/wrangler');
    renameSync(installed, `${installed}-away`);
    try {
      const { stderr, status } = call([command, ...options], { input: '' });
      expect([status, stderr]).toEqual([1, 'wrangler is not installed: npm install --save-dev wrangler\n']);
    } finally {
      renameSync(`${installed}-away`, installed);
    }
  });
});

describe('the template of docs/mount.md', () => {
  /** An empty folder, the dependencies and `cp -R node_modules/hono-accounts/template/. .` */
  const project = () => {
    const minute = join(folder, 'minute');
    cpSync(join(host, 'node_modules/hono-accounts/template'), minute, { recursive: true });
    writeFileSync(join(minute, 'package.json'), '{"private": true}');
    symlinkSync(join(host, 'node_modules'), join(minute, 'node_modules'));
    return minute;
  };

  it('serves accounts, console, inbox, keys and a guarded route', async () => {
    const minute = project();
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    expect(spawnSync(process.execPath, [tsc, '-p', minute], { encoding: 'utf8' }).stdout).toBe('');

    const migrated = call(['migrate'], { cwd: minute });
    expect([migrated.stderr, migrated.status]).toEqual(['', 0]);
    const devVars = readFileSync(join(minute, '.dev.vars'), 'utf8');
    expect(devVars).toMatch(/^SIGNING_KEY=[\w-]{43}\n[\s\S]*^ENVIRONMENT=development$/m);
    expect(migrated.stdout).toContain('Wrote SIGNING_KEY');
    expect(migrated.stdout).not.toContain(/SIGNING_KEY=(.*)/.exec(devVars)?.[1]);

    const [privateKey = '', publicKey = ''] = newKey();
    writeFileSync(
      join(minute, '.dev.vars'),
      devVars.replace(/^SIGNING_KEY=.*$/m, `SIGNING_KEY='${privateKey}'`),
    );
    const origin = await wranglerDev(minute, '/readyz');
    const json = { 'Content-Type': 'application/json' };
    const signedUp = await fetch(`${origin}/account/sign-up`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ email: 'mina@example.com', password: 'correct horse battery' }),
    });
    expect(signedUp.status).toBe(201);
    const { access, user } = (await signedUp.json()) as { access: string; user: { id: string } };

    const notes = await fetch(`${origin}/notes`, { headers: { Authorization: `Bearer ${access}` } });
    expect(await notes.json()).toEqual({ owner: user.id, notes: [] });
    expect((await fetch(`${origin}/notes`)).status).toBe(401);

    const inbox = await fetch(`${origin}/dev/mail`, { headers: { Accept: 'application/json' } });
    expect(await inbox.json()).toMatchObject({ messages: [{ to: 'mina@example.com' }] });
    for (const [path, type] of [
      ['/.well-known/jwks.json', /^application\/json/],
      ['/admin/login', /^text\/html/],
      ['/dev/mail/page.css', /^text\/css/],
      ['/account/client.js', /javascript/],
    ] as const) {
      const answer = await fetch(origin + path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get('Content-Type')).toMatch(type);
    }

    const guard = await wranglerDev(guardOf(origin, publicKey), '/healthz');
    for (const path of ['/binding', '/url', '/keys']) {
      const asked = await fetch(guard + path, { headers: { Authorization: `Bearer ${access}` } });
      expect([path, asked.status, await asked.text()]).toEqual([path, 200, user.id]);
      for (const token of ['', `${access.slice(0, -4)}AAAA`]) {
        const refused = await fetch(guard + path, { headers: { Authorization: `Bearer ${token}` } });
        expect([path, refused.status]).toEqual([path, 401]);
      }
    }
  }, 240_000);

  /** A private JWK and its public half. */
  const newKey = () => call(['keys', 'new', '--alg', 'ES256']).stdout.trim().split('\n');

  /** A second Worker that only guards, with the public keys from each of three places. */
  const guardOf = (accounts: string, publicKey: string) => {
    const project = join(folder, 'guard');
    mkdirSync(project);
    symlinkSync(join(host, 'node_modules'), join(project, 'node_modules'));
    writeFileSync(
      join(project, 'index.ts'),
      `import { Hono } from 'hono';
import { isAuthenticated } from 'hono-accounts/guard';

export default new Hono()
  .get('/healthz', (c) => c.text('ok'))
  .get('/binding', isAuthenticated({ jwks: { binding: 'ACCOUNTS' } }), (c) => c.text(c.var.account.id))
  .get('/url', isAuthenticated({ jwks: '${accounts}/.well-known/jwks.json' }), (c) => c.text(c.var.account.id))
  .get('/keys', isAuthenticated(), (c) => c.text(c.var.account.id));
`,
    );
    writeFileSync(
      join(project, 'wrangler.jsonc'),
      JSON.stringify({
        name: 'guard',
        main: 'index.ts',
        compatibility_date: '2026-11-02',
        kv_namespaces: [{ binding: 'BLACKLIST' }],
        services: [{ binding: 'ACCOUNTS', service: 'my-worker' }],
      }),
    );
    writeFileSync(join(project, '.dev.vars'), `VERIFYING_KEYS='[${publicKey}]'\n`);
    return project;
  };
});

describe('a copy of examples/notes', () => {
  it('passes its type-checker and is bundled, with the installed package', async () => {
    const [tsc, types] = [join(root, 'node_modules/typescript/bin/tsc'), '@cloudflare/workers-types'];
    // Not its tests, which need more packages.
    const config = { extends: './tsconfig.json', compilerOptions: { types: [types] }, include: ['src'] };
    writeFileSync(join(host, 'notes/tsconfig.src.json'), JSON.stringify(config));
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', join(host, 'notes/tsconfig.src.json')], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(await bundle('notes/src/worker.ts', { from: host })).toContain('/api/notes');
  });

  it('has the versions of this repository', () => {
    const { version, dependencies, devDependencies } = readJson(root, 'package.json');
    const here = { 'hono-accounts': version, ...dependencies, ...devDependencies };
    const copied = readJson(root, 'examples/notes/package.json');
    const wanted = { ...copied.dependencies, ...copied.devDependencies };
    expect(wanted).toEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, here[name]])));
  });
});

describe('hono-accounts-client', () => {
  const own = (...path: string[]) => join(page, 'node_modules/hono-accounts-client', ...path);

  it('has no dependencies, and is small', () => {
    expect(readdirSync(join(page, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'hono-accounts-client',
    ]);
    expect(bytes(own())).toBeLessThan(CLIENT_MAX_BYTES);
    expect(readJson(own('package.json'))).not.toHaveProperty('dependencies');
  });

  it.each(['client.js', 'email-sign-in.js', 'factors.js', 'passkeys.js', 'react.js'])(
    'is what hono-accounts has: %s',
    (file) => {
      expect(readFileSync(own(file), 'utf8')).toBe(
        readFileSync(join(host, 'node_modules/hono-accounts/client', file), 'utf8'),
      );
    },
  );

  it.each(NODES)('is loaded by plain Node: %s', (node) => {
    const program = `
      import { createClient } from 'hono-accounts-client';
      console.log(createClient({ url: 'https://accounts.example.com/account' }).isSignedIn);`;
    const { stdout, stderr } = spawnSync(node, ['--input-type=module', '-e', program], {
      cwd: page,
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['false\n', '']);
  });
});
