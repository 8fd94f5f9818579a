/** Which D1 a script is to work on. */
import type { D1Writer } from './d1-writer.ts';
import { ScriptFault } from './fault.ts';
import { localD1 } from './local-d1.ts';
import { stateFolder, type Where } from './migrations.ts';
import { remoteD1 } from './remote-d1.ts';
import { wrangler } from './wrangler.ts';

export { REMOTE_MIGRATIONS, type Where } from './migrations.ts';

/** The local one with its migrations applied; the remote one as it is. */
export async function openD1(where: Where): Promise<D1Writer> {
  const { remote, persistTo, environment } = where;
  if (!remote) return localD1(wrangler, { persistTo, environment });
  if (persistTo !== undefined) throw new ScriptFault('--persist-to is for the local database, not --remote');
  return remoteD1(wrangler, environment);
}

/** Tells one database from another, in a report that outlives the run. */
export function databaseName({ remote, persistTo, environment }: Where): string {
  const where = remote ? 'the remote database' : `the local database in ${stateFolder(persistTo)}`;
  return environment === undefined ? where : `${where} of ${environment}`;
}
