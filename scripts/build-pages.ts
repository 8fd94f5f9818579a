/** Bundles the scripts of the account pages, each self-contained; build-assets.ts writes them. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const PAGE_SCRIPTS = ['pages', 'settings'] as const;

export async function bundlePage(name: (typeof PAGE_SCRIPTS)[number]): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`src/pages/browser/${name}.ts`],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}
