/** The ports of connected accounts over D1, KV and the providers. */
import type { D1 } from '../db/client.ts';
import { DEADLINES, type Deadlines } from '../deadlines.ts';
import type { Clock } from '../ports.ts';
import { secretText } from '../token/key-set.ts';
import { d1Connections } from './d1-connections.ts';
import { d1HandBack } from './d1-hand-back.ts';
import { flowBox } from './flow.ts';
import { kvProviderCache } from './kv-provider-cache.ts';
import type { ConnectionServices } from './ports.ts';
import { createProviderClient } from './provider-client.ts';
import type { Provider } from './providers.ts';

/** The key that seals the flow cookie is derived from SIGNING_KEY. */
export const connectionAdapters = async (
  { BLACKLIST: kv, SIGNING_KEY }: { BLACKLIST: KVNamespace; SIGNING_KEY?: unknown },
  {
    providers,
    d1,
    clock,
    deadlines,
    fetcher = (...args) => fetch(...args),
  }: {
    providers: readonly Provider[];
    d1: D1;
    clock: Clock;
    deadlines: Deadlines;
    fetcher: typeof fetch | undefined;
  },
): Promise<ConnectionServices> => ({
  providers,
  store: d1Connections(d1),
  handBack: d1HandBack(d1),
  client: createProviderClient({
    cache: kvProviderCache(kv, { clock, deadlineMs: deadlines.kv }),
    clock,
    fetcher,
    deadlineMs: deadlines.provider ?? DEADLINES.provider,
  }),
  flows: await flowBox(secretText(SIGNING_KEY) ?? ''),
});
