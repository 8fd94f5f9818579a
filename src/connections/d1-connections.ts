/** The store of connected accounts in D1, combined from its parts. */
import type { D1 } from '../db/client.ts';
import { d1Exchange } from './d1-exchange.ts';
import { d1Linking } from './d1-linking.ts';
import { d1ProviderSignIn } from './d1-sign-in.ts';
import type { Connections } from './ports.ts';

export const d1Connections = (d1: D1): Connections => ({
  ...d1ProviderSignIn(d1),
  ...d1Exchange(d1),
  ...d1Linking(d1),
});
