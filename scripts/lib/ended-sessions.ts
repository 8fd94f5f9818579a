/**
 * Writes sessions that have ended in D1 to the blacklist in KV, as the Worker does (src/token/blacklist.ts), through
 * `wrangler kv bulk put`. It runs after the write to D1, and can fail by itself.
 */
import { entryOf } from '../../src/token/blacklist.ts';
import { ScriptFault } from './fault.ts';
import type { Where } from './open-d1.ts';
import { withPrivateFile } from './private-file.ts';
import type { Ended } from './superuser.ts';
import type { Wrangler } from './wrangler.ts';

export async function spreadEnded(
  wrangler: Wrangler,
  { remote, persistTo, environment }: Where,
  { reason, sessions }: Ended,
  now: number,
): Promise<void> {
  if (sessions.length === 0) return;
  const entries = sessions.map((session) => {
    const { key, value, expirationTtl } = entryOf(session, reason, now);
    return { key, value, expiration_ttl: expirationTtl };
  });
  // With a preview_id in the configuration, wrangler requires the flag.
  const place = remote ? ['--remote', '--preview', 'false'] : ['--local'];
  if (persistTo !== undefined) place.push('--persist-to', persistTo);
  if (environment !== undefined) place.push('--env', environment);
  const { code, stdout, stderr } = await withPrivateFile('entries.json', JSON.stringify(entries), (file) =>
    wrangler(['kv', 'bulk', 'put', file, '--binding', 'BLACKLIST', ...place]),
  );
  if (code !== 0) throw new ScriptFault(`wrangler kv bulk put: ${stderr.trim() || stdout.trim() || code}`);
}
