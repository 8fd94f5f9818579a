import { defineConfig } from 'orval';

export default defineConfig({
  accounts: {
    input: '../generated/openapi.json',
    output: {
      target: '../generated/orval.ts',
      client: 'fetch',
      override: { mutator: { path: './orval-fetch.ts', name: 'call' } },
    },
  },
});
