import { defineConfig } from 'vitest/config';

/** Chromium and both Workers, which have to be running. */
export default defineConfig({
  test: { include: ['test/e2e/*.test.ts'], testTimeout: 120_000, hookTimeout: 60_000 },
});
