import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

/** Rules in plain Node with a hand-held clock; everything that meets D1 or KV in workerd. */
export default defineConfig({
  test: {
    silent: 'passed-only',
    // Vitest leaves one core idle; half of the tests wait for a process or a clock.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: { name: 'unit', environment: 'node', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 },
      },
      // The scripts as they are run, with a wrangler and a D1 of their own.
      {
        test: {
          name: 'scripts',
          environment: 'node',
          include: ['test/scripts/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                MIGRATIONS: await readD1Migrations('migrations'),
                SIGNING_KEY: 'a-signing-key-for-tests-0123456789-abcdefghijk',
                ENVIRONMENT: 'development',
                // The floor of development: what hashing costs is measured elsewhere.
                PASSWORD_ITERATIONS: '1000',
                RATE_LIMITS: 'off',
                // How often each race is run: 20 on demand.
                RACE_REPEATS: process.env.RACE_REPEATS ?? '3',
              },
            },
          })),
        ],
        test: {
          name: 'workers',
          include: ['test/workers/**/*.test.ts'],
          setupFiles: ['test/support/migrate.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      // The example's own tests, on the guard of this repository instead of the installed package.
      {
        extends: './examples/notes/vitest.config.ts',
        root: 'examples/notes',
        resolve: { alias: { 'hono-accounts/guard': join(import.meta.dirname, 'src/guard/index.ts') } },
        test: { name: 'notes', testTimeout: 30_000, hookTimeout: 60_000 },
      },
    ],
  },
});
