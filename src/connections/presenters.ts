/** Connected accounts and providers as the API returns them. */
import { timestamp } from '../encoding.ts';
import type { Connection } from './ports.ts';
import type { Provider } from './providers.ts';

type Shown = Pick<Connection, 'id' | 'provider' | 'email' | 'createdAt' | 'lastUsedAt'>;

export const connectionJson = ({ id, provider, email, createdAt, lastUsedAt }: Shown) => ({
  id,
  provider,
  email,
  created_at: timestamp(createdAt),
  last_used_at: lastUsedAt === null ? null : timestamp(lastUsedAt),
});

export const providerJson = ({ id, name }: Provider) => ({ id, name });
