/** Opens the D1 that a script works on. */
import type { D1Writer } from './d1-writer.ts';
import { ScriptFault } from './fault.ts';
import { localD1 } from './local-d1.ts';
import { stateFolder, type Where } from './migrations.ts';
import { remoteD1 } from './remote-d1.ts';
import { wrangler } from './wrangler.ts';

export { REMOTE_MIGRATIONS, type Where } from './migrations.ts';

/** Applies the migrations to a local database, not to a remote one. */
export async function openD1(where: Where): Promise<D1Writer> {
  const { remote, persistTo, environment } = where;
  if (!remote) return localD1(wrangler, { persistTo, environment });
  if (persistTo !== undefined) throw new ScriptFault('--persist-to is for the local database, not --remote');
  return remoteD1(wrangler, environment);
}

/** Identifies the database in a report, which `--undo` may read later. */
export function databaseName({ remote, persistTo, environment }: Where): string {
  const where = remote ? 'the remote database' : `the local database in ${stateFolder(persistTo)}`;
  return environment === undefined ? where : `${where} of ${environment}`;
}
