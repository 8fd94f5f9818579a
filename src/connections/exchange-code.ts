/** The code in the URL in place of tokens: `<user's id>.<secret>`, single use, valid for a minute. */
import { sha256Hex } from '../encoding.ts';
import { seconds } from '../ports.ts';
import { EXCHANGE_SECONDS } from './limits.ts';
import type { ExchangeToken } from './ports.ts';
import type { WithConnections } from './services.ts';

const SECRET_BYTES = 32;
export const PURPOSE = 'exchange';

export async function newExchange(
  { random, clock }: Pick<WithConnections, 'random' | 'clock'>,
  userId: string,
): Promise<{ code: string; exchange: ExchangeToken }> {
  const secret = random.secret(SECRET_BYTES);
  const createdAt = seconds(clock);
  const key = { subject: userId, purpose: PURPOSE, hash: await sha256Hex(secret) } as const;
  return {
    code: `${userId}.${secret}`,
    exchange: { key, createdAt, expiresAt: createdAt + EXCHANGE_SECONDS },
  };
}
