/**
 * Tells KV of sessions that have ended in D1, as the Worker does (src/token/blacklist.ts), through
 * `wrangler kv bulk put`. Weakness: this is a step after that of D1, and can fail by itself.
 */
import type { RevocationReason } from '../../src/ports.ts';
import { entryOf } from '../../src/token/blacklist.ts';
import { ScriptFault } from './fault.ts';
import type { Where } from './open-d1.ts';
import { withPrivateFile } from './private-file.ts';
import type { Wrangler } from './wrangler.ts';

/** `ttlSeconds`: how long a token of such a session could still be sent. */
export async function spreadEnded(
  wrangler: Wrangler,
  { remote, persistTo, environment }: Where,
  {
    sessionIds,
    reason,
    ttlSeconds,
  }: {
    sessionIds: readonly string[];
    reason: RevocationReason;
    ttlSeconds: number;
  },
): Promise<void> {
  if (sessionIds.length === 0) return;
  const entries = sessionIds.map((id) => {
    const { key, value, expirationTtl } = entryOf(id, reason, ttlSeconds);
    return { key, value, expiration_ttl: expirationTtl };
  });
  // A namespace that has a preview_id too is asked for by name.
  const place = remote ? ['--remote', '--preview', 'false'] : ['--local'];
  if (persistTo !== undefined) place.push('--persist-to', persistTo);
  if (environment !== undefined) place.push('--env', environment);
  const { code, stdout, stderr } = await withPrivateFile('entries.json', JSON.stringify(entries), (file) =>
    wrangler(['kv', 'bulk', 'put', file, '--binding', 'BLACKLIST', ...place]),
  );
  if (code !== 0) throw new ScriptFault(`wrangler kv bulk put: ${stderr.trim() || stdout.trim() || code}`);
}
