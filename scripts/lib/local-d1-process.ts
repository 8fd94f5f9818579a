/** Holds the local D1 for local-d1.ts, one question at a time, until its parent is gone. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getPlatformProxy } from 'wrangler';
import type { Ask, Opening, Told } from './local-d1.ts';

/** A server that runs on the same files (`npm run dev`) may hold them: SQLite is then busy, and nothing was done. */
const ATTEMPTS = 5;
const RETRY_AFTER_MS = 100;

interface Database {
  prepare: (sql: string) => { all: () => Promise<{ results: unknown[] }> };
  batch: (statements: unknown[]) => Promise<unknown>;
}

const { configPath, state, environment } = JSON.parse(process.argv[2] ?? '') as Opening;
const tell = (told: Told) => process.send?.(told);

// Before the first wait: the parent may be gone by the time that workerd is up.
const orphaned = new Promise<void>((gone) => process.once('disconnect', () => gone()));

const proxy = await getPlatformProxy<{ DB: Database }>({
  configPath,
  persist: { path: join(state, 'v3') },
  remoteBindings: false,
  envFiles: [],
  ...(environment !== undefined && { environment }),
});
const { DB } = proxy.env;

process.on('message', async (question: Ask) => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return tell({ rows: await answer(question) });
    } catch (error) {
      if (attempt === ATTEMPTS) return tell({ error: (error as Error).message });
      await sleep(RETRY_AFTER_MS * attempt);
    }
  }
});
tell({ ready: true });

async function answer(question: Ask): Promise<unknown[]> {
  if ('read' in question) return (await DB.prepare(question.read).all()).results;
  await DB.batch(question.write.map((sql) => DB.prepare(sql)));
  return [];
}

await orphaned;
await proxy.dispose();
process.exit(0);
