/** Passkeys as the API returns them. */
import { timestamp } from '../encoding.ts';
import type { Passkey } from './ports.ts';

type Shown = Pick<Passkey, 'id' | 'name' | 'createdAt' | 'lastUsedAt' | 'backedUp'>;

export const passkeyJson = ({ id, name, createdAt, lastUsedAt, backedUp }: Shown) => ({
  id,
  name,
  created_at: timestamp(createdAt),
  last_used_at: lastUsedAt === null ? null : timestamp(lastUsedAt),
  synced: backedUp,
});
