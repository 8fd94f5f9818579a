import { defineConfig } from 'vitest/config';

/** Released client libraries against the service: `npm run test:clients`, which installs them first. */
export default defineConfig({
  test: {
    name: 'clients',
    environment: 'node',
    include: ['test/clients/*.test.ts'],
    globalSetup: ['test/clients/support/start.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
