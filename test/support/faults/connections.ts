/** Connected accounts, and the way back from the pages to an app, while a store fails. */
import { CONNECTION_CALLS, PROVIDER_VARS } from '../connection-calls.ts';
import { type Endpoint, somebody } from './scenes.ts';

export const CONNECTION_ENDPOINTS: readonly Endpoint[] = CONNECTION_CALLS.map(
  ({ name, success, again, vars, ready }): Endpoint => ({
    name,
    success,
    ...(again !== undefined && { again }),
    vars: { ...PROVIDER_VARS, ...vars },
    scene: async (calm) => {
      const { known, ...who } = await somebody(calm);
      const { ask, done, people = [], secrets = [] } = await ready(calm.w, who);
      return {
        people: [...known.people, ...people],
        tokens: known.tokens,
        secrets: [...known.secrets, ...secrets],
        ask: ({ w }) => ask(w),
        ...(done && { done }),
      };
    },
  }),
);
