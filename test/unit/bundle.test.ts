/** The size of what is deployed, and of the guard alone: a change that makes it too large fails here. */
import { describe, expect, it } from 'vitest';
import { bundle, deployed, sizesOf } from '../../bench/lib/bundle.ts';

const KIB = 1_024;
/** The pages' assets apart. */
const WORKER_MAX_GZIP_BYTES = 240 * KIB;
const GUARD_MAX_GZIP_BYTES = 16 * KIB;

describe('the bundle', () => {
  it('of the Worker, as wrangler would deploy it, is at most 240 KiB gzip', async () => {
    const { source, gzipBytes, parts } = await deployed();
    const packages = parts.map(({ from }) => from);
    expect(packages).toContain('hono');
    expect(packages).toContain('@simplewebauthn/server');
    // `[alias]` of wrangler.toml.
    expect(packages.filter((name) => /asn1|peculiar|reflect-metadata/.test(name))).toEqual([]);
    expect(source).not.toContain('BEGIN CERTIFICATE');
    expect(source).not.toMatch(/PgEnum|RelationalQueryBuilder|\bPostgres/);
    expect(gzipBytes).toBeLessThanOrEqual(WORKER_MAX_GZIP_BYTES);
    // With one character beyond Latin-1 V8 keeps all of it as UTF-16, twice as large.
    expect(source.match(/[\u0100-\uffff]/g)).toBeNull();
  }, 60_000);

  it('of the guard alone is at most 16 KiB gzip', async () => {
    const guard = await bundle('src/guard/index.ts');
    expect(guard).toContain('requireAccount');
    expect(sizesOf(guard).gzipBytes).toBeLessThanOrEqual(GUARD_MAX_GZIP_BYTES);
  });

  it('of the guard has neither Drizzle nor Zod nor the list of passwords', async () => {
    const guard = await bundle('src/guard/index.ts');
    for (const foreign of ['SQLiteD1Session', 'ZodMini', 'qwerty']) expect(guard).not.toContain(foreign);
  });
});
