/** The scripts of the pages for people, as they are built. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundlePages, PAGE_SCRIPTS } from '../../scripts/build-pages.ts';

const ALL_MAX_GZIP_BYTES = 12 * 1_024;

/** What `/account/static/` and `/account/client` serve, as the scripts see it. */
const IMPORTABLE = ['../client.js', '../client/passkeys.js', './pages-shared.js'];

const served = (file: string) => readFileSync(`assets/static/${file}`, 'utf8');

it('are those that the Worker serves (npm run build:assets)', async () => {
  const built = await bundlePages();
  expect(Object.keys(built).sort()).toEqual([...PAGE_SCRIPTS].sort());
  expect(Object.fromEntries(PAGE_SCRIPTS.map((file) => [file, served(file)]))).toEqual(built);
});

it('are at most 12 KiB gzip in all, without the client', () => {
  const files = readdirSync('assets/static').filter((file) => file.endsWith('.js') && file !== 'client.js');
  expect(files).toEqual(expect.arrayContaining([...PAGE_SCRIPTS]));
  const sizes = files.map((file) => gzipSync(served(file)).byteLength);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(ALL_MAX_GZIP_BYTES);
});

describe.each(PAGE_SCRIPTS)('%s', (file) => {
  it('imports only what the Worker serves, and evaluates no text as code', () => {
    const imports = [...served(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]*)"/g)].map(
      ([, path]) => path,
    );
    expect(IMPORTABLE).toEqual(expect.arrayContaining(imports));
    expect(imports.length).toBe(served(file).match(/\bimport\b/g)?.length);
    expect(served(file)).not.toMatch(/\beval\(|new Function|innerHTML/);
  });
});
