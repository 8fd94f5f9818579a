/** The client as it is built: its size, its copy among the assets, and whether everybody can load it. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, root } from '../../bench/lib/bundle.ts';
import { buildClient, ENTRIES, SERVED } from '../../scripts/build-client.ts';
import { originOf } from '../../src/client/origin.ts';
import { REFUSALS, type RefusalName, refusalCode } from '../../src/errors.ts';

const CLIENT_MAX_GZIP_BYTES = 4 * 1_024;
const ENTRY_MAX_GZIP_BYTES = 1_024;
const PASSKEYS_MAX_GZIP_BYTES = 1_536;

/** A project that has installed the package. */
let project: string;
let dist: string;
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'accounts-client-'));
  dist = join(project, 'node_modules/hono-accounts-client');
  mkdirSync(dist, { recursive: true });
  copyFileSync(join(root, 'packages/hono-accounts-client/package.json'), join(dist, 'package.json'));
  await buildClient(dist);
  for (const name of ['react', '@types', 'csstype']) {
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  writeFileSync(join(project, 'package.json'), '{"type": "module"}');
}, 60_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

const read = (file: string) => readFileSync(join(dist, file), 'utf8');
const gzipBytes = (file: string) => gzipSync(read(file)).byteLength;

describe('the built client', () => {
  it('is at most 4 KiB gzip', () => {
    expect(read('client.js')).toContain('/token/refresh');
    expect(gzipBytes('client.js')).toBeLessThan(CLIENT_MAX_GZIP_BYTES);
  });

  it('has a hook for React of at most 1 KiB, without the client', () => {
    expect(gzipBytes('react.js')).toBeLessThan(ENTRY_MAX_GZIP_BYTES);
    expect(read('react.js')).toContain('from"react"');
    expect(read('react.js')).not.toContain('/token/refresh');
  });

  it('has an entry for the second factor of at most 1 KiB, without the client', () => {
    expect(gzipBytes('factors.js')).toBeLessThan(ENTRY_MAX_GZIP_BYTES);
    expect(read('factors.js')).toContain('/factors/totp');
    expect(read('factors.js')).not.toContain('/token/refresh');
  });

  it('has an entry for signing in by e-mail of at most 1 KiB, without the client', () => {
    expect(gzipBytes('email-sign-in.js')).toBeLessThan(ENTRY_MAX_GZIP_BYTES);
    expect(read('email-sign-in.js')).toContain('/login/email/confirm');
    expect(read('email-sign-in.js')).not.toContain('/token/refresh');
  });

  it('has an entry for passkeys of at most 1.5 KiB, without the client', () => {
    expect(gzipBytes('passkeys.js')).toBeLessThan(PASSKEYS_MAX_GZIP_BYTES);
    expect(read('passkeys.js')).toContain('/login/passkey/options');
    expect(read('passkeys.js')).not.toContain('/token/refresh');
  });

  it.each(['client.js', 'email-sign-in.js', 'factors.js', 'passkeys.js'])(
    'imports nothing else: %s',
    (file) => {
      expect(read(file)).not.toMatch(/\bimport\b|\bfrom"/);
    },
  );

  it.each(Object.keys(ENTRIES))('has types and a source map: %s', (entry) => {
    expect(existsSync(join(dist, `${entry}.d.ts`))).toBe(true);
    const { sources, sourcesContent } = JSON.parse(read(`${entry}.js.map`));
    expect(sources).toContain(`../${ENTRIES[entry as keyof typeof ENTRIES]}`);
    expect(sourcesContent).toHaveLength(sources.length);
  });

  it.each([
    ['client.js', ''],
    ['client.js.map', ''],
    ...SERVED.flatMap((entry) => [
      [`${entry}.js`, 'client'],
      [`${entry}.js.map`, 'client'],
    ]),
  ])('is the one that the Worker serves (npm run build:assets): %s', (file, folder) => {
    expect(readFileSync(join(root, 'assets/static', folder, file), 'utf8')).toBe(read(file));
  });
});

const PROGRAM = `
import { AccountsError, createClient, memoryStore, webStorage } from 'hono-accounts-client';

const sent = [];
const client = createClient({
  url: 'https://accounts.example.com/account',
  store: memoryStore(),
  fetch: async (input, init) => {
    const request = new Request(input, init);
    sent.push(request.method + ' ' + request.url + ' ' + request.headers.get('Authorization'));
    return Response.json({ access: 'a', refresh: 'r', email: 'neo@example.com' });
  },
});
await client.logIn({ email: 'neo@example.com', password: 'follow the rabbit' });
await client.fetch(new Request('https://accounts.example.com/notes', { method: 'POST', body: '{}' }));
console.log(JSON.stringify({ sent, names: [AccountsError.name.length > 0, typeof webStorage] }));
`;

const NODES: [string, string][] = [['this Node', process.execPath]];
if (existsSync('/usr/bin/node')) NODES.push(['the machine’s Node', '/usr/bin/node']);

describe('every environment can load it', () => {
  it.each(NODES)('with import() in %s, which ends by itself', (_, node) => {
    writeFileSync(join(project, 'program.mjs'), PROGRAM);
    const { stdout, stderr } = spawnSync(node, ['program.mjs'], {
      cwd: project,
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      sent: [
        'POST https://accounts.example.com/account/login null',
        'POST https://accounts.example.com/notes Bearer a',
      ],
      names: [true, 'function'],
    });
  });

  it('in Node, which exits although the BroadcastChannel is open', () => {
    const program = `
      import { createClient } from 'hono-accounts-client';
      createClient({ url: 'https://accounts.example.com', store: { get: () => null, set() {} } });
    `;
    writeFileSync(join(project, 'shared.mjs'), program);
    const { status } = spawnSync(process.execPath, ['shared.mjs'], { cwd: project, timeout: 20_000 });
    expect(status).toBe(0);
  });

  it('with a bundler, which includes only what is used', async () => {
    writeFileSync(join(project, 'app.js'), PROGRAM);
    expect(await bundle('app.js', { from: project })).toContain('/token/refresh');
    writeFileSync(
      join(project, 'small.js'),
      `import { memoryStore } from 'hono-accounts-client'; memoryStore();`,
    );
    expect(await bundle('small.js', { from: project })).not.toContain('/token/refresh');
  });

  const TYPED = `
    import { type AccountChange, AccountsError, type Client, createClient, type User } from 'hono-accounts-client';
    import { signInByEmail } from 'hono-accounts-client/email-sign-in';
    import { secondFactor, isRefusal, secondStepOf } from 'hono-accounts-client/factors';
    import { addPasskey, autofill, type Passkey, reauthenticateWithPasskey } from 'hono-accounts-client/passkeys';
    import { AccountProvider, useAccount } from 'hono-accounts-client/react';

    const client: Client = createClient({ url: '/account', store: { get: async () => null, set: async () => {} } });
    export const stop: () => void = client.onChange((change: AccountChange) => {
      if (change.type === 'signedOut') console.log(change.reason.length);
    });
    export async function rename(name: string): Promise<User | 'taken'> {
      try {
        return await client.updateMe({ name }, { signal: AbortSignal.timeout(1_000) });
      } catch (error) {
        if (error instanceof AccountsError && error.code === 'username_taken') return 'taken';
        throw error;
      }
    }
    export async function logIn(email: string, password: string, ask: () => Promise<string>): Promise<void> {
      try {
        await client.logIn({ email, password });
      } catch (error) {
        const step = secondStepOf(error);
        if (!step) throw error;
        await secondFactor(client).answer(step, { code: await ask() });
      }
    }
    export async function byCode(email: string, ask: () => Promise<string>): Promise<string | undefined> {
      const { user } = await (await signInByEmail(client, email)).confirm(await ask());
      return user?.id;
    }
    export async function withPasskey(): Promise<Passkey> {
      if ((await autofill(client)) === null) await reauthenticateWithPasskey(client);
      return addPasskey(client, { name: 'Laptop' }, { signal: AbortSignal.timeout(60_000) });
    }
    export const wrongCode = (error: unknown): 'code_not_valid' | null =>
      isRefusal(error, 'code_not_valid') ? error.code : null;
    // @ts-expect-error no code of the second factor
    export const never = (error: unknown) => isRefusal(error, 'code_not_vaild');
    export const upload = (body: FormData) => client.fetch(new Request('/notes', { method: 'POST', body }));
    export const Provider = AccountProvider;
    export function useName(): string | null {
      const account = useAccount(client);
      return account.status === 'signedIn' ? account.user.name : null;
    }
    // @ts-expect-error a misspelt field
    export const wrong = () => client.logIn({ mail: 'neo@example.com', password: '' });
  `;
  it.each([
    { module: 'esnext', moduleResolution: 'bundler' },
    { module: 'nodenext', moduleResolution: 'nodenext' },
  ])('with types, with $moduleResolution', (resolution) => {
    writeFileSync(join(project, 'typed.ts'), TYPED);
    const compilerOptions = {
      ...resolution,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

it('knows every error code of the server', () => {
  const source = readFileSync(join(root, 'src/client/errors.ts'), 'utf8');
  const known = new Set([...source.matchAll(/^ {2}\| '(\w+)'/gm)].map((match) => match[1]));
  const sent = (Object.keys(REFUSALS) as RefusalName[]).map(refusalCode);
  expect(sent.filter((code) => !known.has(code))).toEqual([]);
});

it('computes the same origins as the URL class', () => {
  const part = fc.constantFrom(
    ...'http https : / // \\ @ . - % # ? [ ] \t \n 0 :80 :443 :0443 a b.example 127.1 xn--a é'.split(' '),
  );
  const rest = fc.array(part, { maxLength: 10 }).map((parts) => parts.join(''));
  const url = fc.tuple(fc.constantFrom('', 'https://', 'http://a.example', 'HTTPS://b.example'), rest);
  const isCanonical = (origin: string) => URL.canParse(origin) && new URL(origin).origin === origin;
  void fc.assert(
    fc.property(url, (parts) => {
      const text = parts.join('');
      const origin = originOf(text);
      // What is not canonical is equal to no origin that is trusted.
      fc.pre(origin !== undefined && isCanonical(origin));
      expect(origin).toBe(URL.canParse(text) ? new URL(text).origin : 'https://relative.invalid');
    }),
    { numRuns: 2_000 },
  );
});
