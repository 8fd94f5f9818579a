/** Requests about connected accounts that go well, and what each writes to the log. */
import { CONNECTION_CALLS, PROVIDER_VARS, providerFetch } from '../connection-calls.ts';
import { at, known, type Step, somebody } from './run.ts';

export const CONNECTIONS: readonly Step[] = CONNECTION_CALLS.map(
  ({ name, success, events, ready }): Step => [
    name,
    events,
    success,
    async () => {
      const w = at(PROVIDER_VARS, {}, { fetch: providerFetch });
      const { ask, secrets = [] } = await ready(w, await somebody(w));
      for (const secret of secrets) known(secret);
      return ask(w);
    },
  ],
);
