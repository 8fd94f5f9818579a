/**
 * Bundles the scripts of the account pages; build-assets.ts writes them. What they share is a script of its own, and the
 * client is the one that the Worker serves to everybody, so that a browser loads each of them once.
 */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const browser = join(root, 'src/pages/browser');

const ENTRIES = ['pages', 'settings', 'mail-link', 'email-sign-in'];
/** The modules in pages-shared.js. */
const SHARED = ['account', 'dom', 'forms', 'link', 'providers'];

/** In `assets/static`. */
export const PAGE_SCRIPTS = [...ENTRIES, 'pages-shared'].map((name) => `${name}.js`);

/** As seen from `/account/static/`. */
const SERVED: Readonly<Record<string, string>> = {
  'index.ts': '../client.js',
  'passkeys.ts': '../client/passkeys.js',
};

const servedClient: Plugin = {
  name: 'the client as it is served',
  setup({ onResolve }) {
    onResolve({ filter: /\/client\/[\w-]+\.ts$/ }, ({ path }) => {
      const served = SERVED[basename(path)];
      if (served === undefined) throw new Error(`The Worker serves no ${path}`);
      return { path: served, external: true };
    });
  },
};

const servedShared: Plugin = {
  name: 'what the pages share, as it is served',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^\\./(${SHARED.join('|')})\\.ts$`) }, () => ({
      path: './pages-shared.js',
      external: true,
    }));
  },
};

async function bundle(options: BuildOptions): Promise<[file: string, text: string][]> {
  const { outputFiles = [] } = await build({
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    ...options,
  });
  return outputFiles.map(({ path, text }) => [basename(path), text]);
}

export async function bundlePages(): Promise<Record<string, string>> {
  const shared = bundle({
    stdin: {
      contents: SHARED.map((name) => `export * from './${name}.ts';`).join('\n'),
      resolveDir: browser,
    },
    outfile: 'assets/static/pages-shared.js',
    plugins: [servedClient],
  });
  const pages = bundle({
    entryPoints: ENTRIES.map((name) => join(browser, `${name}.ts`)),
    outdir: 'assets/static',
    plugins: [servedClient, servedShared],
  });
  return Object.fromEntries([...(await shared), ...(await pages)]);
}
