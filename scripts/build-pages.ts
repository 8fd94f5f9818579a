/**
 * Bundles the scripts of the account pages; build-assets.ts writes them. What both pages use is a script of its own, and
 * the client is the one that the Worker serves to everybody, so that a browser loads each of them once.
 */
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** In `assets/static`. */
export const PAGE_SCRIPTS = ['pages.js', 'pages-shared.js', 'settings.js'] as const;
export type PageScript = (typeof PAGE_SCRIPTS)[number];

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

export async function bundlePages(): Promise<Record<PageScript, string>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/pages/browser/pages.ts', 'src/pages/browser/settings.ts'],
    outdir: 'assets/static',
    bundle: true,
    splitting: true,
    chunkNames: 'pages-shared',
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    plugins: [servedClient],
  });
  const texts = Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
  return texts as Record<PageScript, string>;
}
