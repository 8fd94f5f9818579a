/** Applies the migrations of this package to the project's D1 database `DB`, with `wrangler d1 migrations apply`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ScriptFault } from './fault.ts';
import { holding } from './lock.ts';
import { commandLine, configFile, isClone, packageFolder, root } from './project.ts';
import { importWrangler, type Wrangler } from './wrangler.ts';

export interface Where {
  remote: boolean;
  persistTo: string | undefined;
  environment: string | undefined;
}

/** For the messages of other commands. */
export const REMOTE_MIGRATIONS = `${commandLine('migrate')} --remote`;

/** As wrangler resolves it: relative to its working directory, which is always the project's root. */
export const stateFolder = (persistTo: string | undefined): string =>
  persistTo === undefined ? join(root, '.wrangler/state') : resolve(root, persistTo);

/** Returns what wrangler printed. */
export async function applyMigrations(
  wrangler: Wrangler,
  { remote, persistTo, environment }: Where,
): Promise<string> {
  if (remote && persistTo !== undefined)
    throw new ScriptFault('--persist-to is for the local database, not --remote');
  const state = stateFolder(persistTo);
  mkdirSync(state, { recursive: true });
  const place = remote ? ['--remote'] : ['--local', '--persist-to', state];
  const apply = async (...chosen: string[]) => {
    const answer = await wrangler(['d1', 'migrations', 'apply', 'DB', ...place, ...chosen]);
    if (answer.code !== 0) throw new ScriptFault(`The migrations failed.\n${answer.stdout}${answer.stderr}`);
    return answer.stdout;
  };
  // Under the same lock as `npm run dev`: two at once would each apply the same migration.
  return holding(join(state, 'migrations.lock'), () =>
    isClone
      ? apply(...(environment === undefined ? [] : ['--env', environment]))
      : withMigrationsConfig(environment, (config) => apply('--config', config)),
  );
}

/** The part of the configuration that is used; wrangler's own type needs packages that are not installed. */
interface Config {
  name?: string | undefined;
  account_id?: string | undefined;
  compatibility_date?: string | undefined;
  d1_databases: { binding: string; migrations_table?: string | undefined }[];
}

/**
 * Works with a configuration of the database alone: a host's `migrations_dir` holds its own migrations, possibly for the
 * same database. File names tell the two apart in `d1_migrations`.
 */
async function withMigrationsConfig<T>(
  environment: string | undefined,
  work: (config: string) => Promise<T>,
): Promise<T> {
  const { unstable_readConfig } = await importWrangler();
  const config: Config = unstable_readConfig(
    { config: configFile, env: environment },
    { hideWarnings: true },
  );
  const database = config.d1_databases.find(({ binding }) => binding === 'DB');
  if (!database) throw new ScriptFault(`${configFile} needs a D1 database with the binding DB.`);
  const folder = join(root, '.wrangler');
  mkdirSync(folder, { recursive: true });
  const copy = join(folder, `migrate-${process.pid}.json`);
  const remove = () => rmSync(copy, { force: true });
  process.once('exit', remove);
  try {
    const { name, account_id, compatibility_date } = config;
    const databases = [{ ...database, migrations_dir: join(packageFolder, 'migrations') }];
    writeFileSync(copy, JSON.stringify({ name, account_id, compatibility_date, d1_databases: databases }));
    return await work(copy);
  } finally {
    remove();
    process.off('exit', remove);
  }
}
