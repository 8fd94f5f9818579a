/** The Worker's entry points: requests and the cron trigger. */
import { createApp } from './app.ts';
import type { Bindings } from './http/context.ts';
import { sweep } from './sweep.ts';

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    await sweep(env);
  },
} satisfies ExportedHandler<Bindings>;
