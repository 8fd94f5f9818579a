import { join } from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

const folder = import.meta.dirname;

/** The tests run in workerd, with a D1 and a KV of their own. */
export default defineConfig({
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: join(folder, 'wrangler.toml') },
      miniflare: {
        bindings: { MIGRATIONS: await readD1Migrations(join(folder, 'migrations')) },
        // Each test brings its own: see test/support.ts.
        serviceBindings: { ACCOUNTS: () => new Response(null, { status: 503 }) },
      },
    })),
  ],
  test: { include: ['test/*.test.ts'] },
});
