import { defineConfig } from 'vitest/config';

/** The whole service as `npm run dev` starts it, and a browser: Debian's chromium, or the one CHROMIUM names. */
export default defineConfig({
  test: {
    name: 'e2e',
    environment: 'node',
    include: ['test/e2e/**/*.test.ts'],
    // A file waits for its service for a third of its time.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // The default of a second is too short for a browser on a busy machine.
    expect: { poll: { timeout: 15_000 } },
  },
});
