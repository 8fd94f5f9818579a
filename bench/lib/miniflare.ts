/**
 * A Worker on miniflare with a local D1 and KV, like `wrangler dev` but without wrangler. Its D1 is a simulator that takes 2
 * to 5 ms for a statement, so everything is compared with the bare statements on the same one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { unstable_splitSqlQuery as splitSqlQuery } from 'wrangler';
import { root } from './bundle.ts';
import { childrenNamed } from './process.ts';
import { COMPATIBILITY_DATE } from './workerd.ts';

/** D1 as used from Node: each call goes through workerd. */
export interface Database {
  prepare: (sql: string) => Statement;
  batch: (statements: Statement[]) => Promise<Result[]>;
}
interface Statement {
  bind: (...values: unknown[]) => Statement;
  all: () => Promise<Result>;
  run: () => Promise<Result>;
}
interface Result {
  results: Record<string, unknown>[];
  meta: { changes: number; rows_read: number; rows_written: number; duration: number; size_after: number };
}

export interface Hosted {
  origin: string;
  /** The process id of its workerd. */
  pid: number;
  db: Database;
  stop: () => Promise<void>;
}

/**
 * The first module is the Worker. Its state is in a temporary folder, or in `persistTo`. `assets`: the folder of its static
 * files, which only the Worker reads.
 */
export async function host(
  modules: Readonly<Record<string, string>>,
  bindings: Readonly<Record<string, string>> = {},
  { port = 0, persistTo, assets }: { port?: number; persistTo?: string; assets?: string } = {},
): Promise<Hosted> {
  const before = childrenNamed('workerd');
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: Object.entries(modules).map(([path, contents]) => ({ type: 'ESModule', path, contents })),
      compatibilityDate: COMPATIBILITY_DATE,
      d1Databases: { DB: 'bench' },
      kvNamespaces: { BLACKLIST: 'bench' },
      bindings: { ...bindings },
      port,
      ...(persistTo !== undefined && { resourcePersistencePath: persistTo }),
      ...(assets !== undefined && {
        assets: {
          directory: join(root, assets),
          binding: 'ASSETS',
          routerConfig: { invoke_user_worker_ahead_of_assets: true, has_user_worker: true },
        },
      }),
      cf: false,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: () => {},
    }),
  );
  const stop = () => miniflare.dispose();
  try {
    const { origin } = await miniflare.ready;
    const db = (await miniflare.getD1Database('DB')) as unknown as Database;
    const pid = childrenNamed('workerd').find((child) => !before.includes(child));
    if (pid === undefined) throw new Error('miniflare has no workerd');
    return { origin, pid, db, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The product's tables. */
export async function applyMigrations(db: Database): Promise<void> {
  const folder = join(root, 'migrations');
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()) {
    const statements = splitSqlQuery(readFileSync(join(folder, file), 'utf8'));
    await db.batch(statements.map((statement) => db.prepare(statement)));
  }
}
