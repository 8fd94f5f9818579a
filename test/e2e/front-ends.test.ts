/** The code of docs/front-ends.md: type-checked, bundled, and run in Chromium or Node against the service. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileScript, parse } from 'vue/compiler-sfc';
import { buildClient } from '../../scripts/build-client.ts';
import { launch, open } from './support/browser.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Each block begins with a comment that names its file. */
const BLOCK = /^```(\w+)\n(?:\/\/|<!--) ([\w./-]+)(?: -->)?\n([\s\S]*?)^```/gm;
const FILES = new Map(
  [...readFileSync(join(ROOT, 'docs/front-ends.md'), 'utf8').matchAll(BLOCK)].map(
    ([, , name = '', text = '']) => [name, text],
  ),
);

/** What stands in for the parts of Nuxt and Expo that the blocks import. */
const STUBS: Record<string, string> = {
  '#imports.ts': `
    import { type Ref, ref } from 'vue';
    export const config = { public: { accountsUrl: '/account' } };
    export const state = new Map<string, Ref>();
    export const defineNuxtPlugin = <T>(setup: () => T) => setup;
    export const useRuntimeConfig = () => config;
    export function useState<T>(key: string, first: () => T): Ref<T> {
      const known = state.get(key) ?? ref(first());
      state.set(key, known);
      return known as Ref<T>;
    }`,
  'expo-secure-store.ts': `
    const kept = new Map<string, string>();
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    export const getItemAsync = async (key: string): Promise<string | null> => (await pause(), kept.get(key) ?? null);
    export const setItemAsync = async (key: string, value: string): Promise<void> => { await pause(); kept.set(key, value); };
    export const deleteItemAsync = async (key: string): Promise<void> => { await pause(); kept.delete(key); };`,
  // What starts the app is the project's own.
  'react-main.tsx': `
    import { createRoot } from 'react-dom/client';
    import { App } from './src/App';
    createRoot(document.getElementById('app')!).render(<App />);`,
  'vue-main.ts': `
    import { createApp } from 'vue';
    import Account from './src/Account.vue';
    createApp(Account).mount('#app');`,
  'nuxt-main.ts': `
    import { watchEffect } from 'vue';
    import { state } from '#imports';
    import plugin from './plugins/accounts.client';
    const { provide } = plugin();
    Object.assign(window, { accounts: provide.accounts });
    watchEffect(() => { document.getElementById('app')!.textContent = state.get('user')?.value?.email ?? 'Nobody'; });`,
  'next-main.tsx': `
    import { createRoot } from 'react-dom/client';
    import { Who } from './app/who';
    import { accounts } from './lib/accounts';
    Object.assign(window, { accounts });
    createRoot(document.getElementById('app')!).render(<Who />);`,
  'next-server.tsx': `
    import { renderToString } from 'react-dom/server';
    import { Who } from './app/who';
    export const html = renderToString(<Who />);`,
  'vue.d.ts': `declare module '*.vue' { const component: import('vue').Component; export default component; }`,
  'env.d.ts': 'declare const process: { env: Record<string, string | undefined> };',
};

let project: string;
let service: Service;
let browser: Browser;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'accounts-front-ends-'));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  };
  for (const [name, text] of [...FILES, ...Object.entries(STUBS)]) write(name, text);
  for (const name of ['react', 'react-dom', 'vue', '@vue', '@types', 'csstype', 'scheduler']) {
    mkdirSync(join(project, 'node_modules'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
  }
  const manifest = readFileSync(join(ROOT, 'packages/hono-accounts-client/package.json'), 'utf8');
  write('node_modules/hono-accounts-client/package.json', manifest);
  write('package.json', '{"type": "module"}');
  [service, browser] = await Promise.all([
    startService(),
    launch(),
    buildClient(join(project, 'node_modules/hono-accounts-client')),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
  rmSync(project, { recursive: true, force: true });
});

/** As the tools of each framework would, in one module. */
async function bundled(entry: string, platform: 'browser' | 'node' = 'browser'): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: project,
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform,
    format: 'esm',
    jsx: 'automatic',
    alias: { '#imports': './#imports.ts', 'expo-secure-store': './expo-secure-store.ts' },
    define:
      platform === 'browser'
        ? { 'process.env.NODE_ENV': '"production"', 'process.env.NEXT_PUBLIC_ACCOUNTS_URL': 'undefined' }
        : {},
    ...(platform === 'node' && {
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
    }),
    plugins: [
      {
        name: 'vue',
        setup({ onLoad }) {
          onLoad({ filter: /\.vue$/ }, ({ path }) => {
            const { descriptor } = parse(readFileSync(path, 'utf8'));
            return {
              contents: compileScript(descriptor, { id: 'app', inlineTemplate: true }).content,
              loader: 'ts',
            };
          });
        },
      },
    ],
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

async function inNode<T>(entry: string): Promise<T> {
  const file = join(project, `${entry.replaceAll('/', '-')}-${Math.random()}.mjs`);
  writeFileSync(file, await bundled(entry, 'node'));
  return import(pathToFileURL(file).href) as Promise<T>;
}

/** A page of the service's own origin. */
async function pageOf(html: string) {
  const opened = await open(browser, service.origin);
  await opened.page.route(`${service.origin}/page`, (route) =>
    route.fulfill({ contentType: 'text/html', body: html }),
  );
  await opened.page.goto('/page');
  return opened;
}

async function appOf(entry: string) {
  const script = (await bundled(entry)).replaceAll('</script', '<\\/script');
  return pageOf(
    `<!doctype html><title>App</title><div id="app"></div><script type="module">${script}</script>`,
  );
}

let people = 0;
async function someone() {
  people += 1;
  const who = { email: `front-end${people}@example.com`, password: PASSWORD };
  const { access } = await service.call<{ access: string }>('POST', '/account/sign-up', who);
  return { ...who, access };
}

/** A wrong password, the right one, a reload, a log-out. */
async function logsInAndOut(page: Page): Promise<void> {
  const { email } = await someone();
  const logIn = async (password: string) => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
  };
  await logIn('not the password');
  await page.getByText('No active account found with the given credentials').waitFor();
  await logIn(PASSWORD);
  await page.getByText(email).waitFor();
  await page.reload();
  await page.getByText(email).waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
}

it('passes the type-checker', () => {
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    types: [],
    jsx: 'react-jsx',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    paths: { '#imports': ['./#imports.ts'], 'expo-secure-store': ['./expo-secure-store.ts'] },
  };
  const config = { compilerOptions, include: ['**/*.ts', '**/*.tsx'], exclude: ['node_modules'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

describe('the code of docs/front-ends.md logs in and out', () => {
  it('as a plain page', async () => {
    const { page, mishaps, close } = await pageOf(FILES.get('index.html') ?? '');
    await logsInAndOut(page);
    expect(mishaps).toEqual([]);
    await close();
  });

  it.each(['react-main.tsx', 'vue-main.ts'])('in %s', async (entry) => {
    const { page, mishaps, close } = await appOf(entry);
    await logsInAndOut(page);
    expect(mishaps).toEqual([]);
    await close();
  });
});

it.each(['nuxt-main.ts', 'next-main.tsx'])('shows who is logged in, in %s', async (entry) => {
  const { page, mishaps, close } = await appOf(entry);
  const { access, ...who } = await someone();
  await page.getByText('Nobody').waitFor();
  await page.evaluate(
    (who) =>
      (window as unknown as { accounts: { logIn: (who: object) => Promise<void> } }).accounts.logIn(who),
    who,
  );
  await page.getByText(who.email).waitFor();
  expect(mishaps).toEqual([]);
  await close();
});

describe('Next on the server', () => {
  it('renders what the browser renders first', async () => {
    expect((await inNode<{ html: string }>('next-server.tsx')).html).toBe('<p>One moment</p>');
  });

  it('asks the service who a token belongs to', async () => {
    process.env.ACCOUNTS_URL = `${service.origin}/account`;
    const { GET } = await inNode<{ GET: (request: Request) => Promise<Response> }>('app/api/notes/route.ts');
    const { access } = await someone();
    const ask = (Authorization: string) =>
      GET(new Request('http://localhost/api/notes', { headers: { Authorization } }));
    expect(await (await ask(`Bearer ${access}`)).json()).toMatchObject({ notes: [] });
    const refused = await ask('Bearer nonsense');
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'token_not_valid' }]);
  });
});

it('keeps the tokens of a React Native app in the keychain', async () => {
  process.env.EXPO_PUBLIC_ACCOUNTS_URL = `${service.origin}/account`;
  type App = typeof import('../../src/client/index.ts') & {
    accounts: import('../../src/client/index.ts').Client;
  };
  const { accounts } = await inNode<App>('src/accounts.ts');
  await accounts.ready;
  expect(accounts.isSignedIn).toBe(false);
  const { access, ...who } = await someone();
  await accounts.logIn(who);
  expect([accounts.isSignedIn, (await accounts.me()).email]).toEqual([true, who.email]);
  await accounts.logOut();
  expect(await accounts.accessToken()).toBeNull();
});

it('gives other libraries a valid token', async () => {
  const { withToken } = await inNode<{
    withToken: (accounts: object, config: { headers: Headers }) => Promise<{ headers: Headers }>;
  }>('src/http.ts');
  const of = async (token: string | null) =>
    (await withToken({ accessToken: async () => token }, { headers: new Headers() })).headers.get(
      'Authorization',
    );
  expect([await of('a'), await of(null)]).toEqual(['Bearer a', null]);
});

it('runs every block of the page', () => {
  const blocks = readFileSync(join(ROOT, 'docs/front-ends.md'), 'utf8').match(/^```\w+$/gm) ?? [];
  expect(FILES.size).toBe(blocks.length);
});
