/** The scripts of the pages for people, as they are built. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundlePage, PAGE_SCRIPTS } from '../../scripts/build-pages.ts';

const MAX_GZIP_BYTES = { pages: 8 * 1_024, settings: 20 * 1_024 };

describe.each(PAGE_SCRIPTS)('%s.js', (name) => {
  const served = readFileSync(`assets/static/${name}.js`, 'utf8');

  it('is the one that the Worker serves (npm run build:assets)', async () => {
    expect(served).toBe(await bundlePage(name));
  });

  it('is small, self-contained, and evaluates no text as code', () => {
    expect(gzipSync(served).byteLength).toBeLessThan(MAX_GZIP_BYTES[name]);
    expect(served).not.toMatch(/\bimport\b|\beval\(|new Function|innerHTML/);
  });
});
