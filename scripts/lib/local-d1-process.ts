/** The child process that opens the local D1 for local-d1.ts. Handles one request at a time, until its parent ends. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getPlatformProxy } from 'wrangler';
import type { Opening, Reply, Request } from './local-d1.ts';

/** `npm run dev` may hold a lock on the same files: SQLite is then busy, and the statement had no effect. */
const ATTEMPTS = 5;
const RETRY_AFTER_MS = 100;

interface Database {
  prepare: (sql: string) => { all: () => Promise<{ results: unknown[] }> };
  batch: (statements: unknown[]) => Promise<unknown>;
}

const { configPath, state, environment } = JSON.parse(process.argv[2] ?? '') as Opening;
const reply = (message: Reply) => process.send?.(message);

// Before the first await: the parent may end while workerd starts.
const orphaned = new Promise<void>((gone) => process.once('disconnect', () => gone()));

const proxy = await getPlatformProxy<{ DB: Database }>({
  configPath,
  persist: { path: join(state, 'v3') },
  remoteBindings: false,
  envFiles: [],
  ...(environment !== undefined && { environment }),
});
const { DB } = proxy.env;

process.on('message', async (request: Request) => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return reply({ rows: await run(request) });
    } catch (error) {
      if (attempt === ATTEMPTS) return reply({ error: (error as Error).message });
      await sleep(RETRY_AFTER_MS * attempt);
    }
  }
});
reply({ ready: true });

async function run(request: Request): Promise<unknown[]> {
  if ('read' in request) return (await DB.prepare(request.read).all()).results;
  await DB.batch(request.write.map((sql) => DB.prepare(sql)));
  return [];
}

await orphaned;
await proxy.dispose();
process.exit(0);
