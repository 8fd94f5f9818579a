import { defineConfig } from 'vitest/config';

/** The server killed while it works, again and again: `npm run test:crash`. */
export default defineConfig({
  test: {
    name: 'crash',
    environment: 'node',
    include: ['test/crash/**/*.test.ts'],
    testTimeout: 120_000,
  },
});
