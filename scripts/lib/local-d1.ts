/**
 * The D1 of `npm run dev`, with the migrations applied. A process of its own holds it (local-d1-process.ts):
 * that one ends with its parent, however the parent ends, where workerd alone would be left behind.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { D1Writer } from './d1-writer.ts';
import { ScriptFault } from './fault.ts';
import { applyMigrations, stateFolder } from './migrations.ts';
import { configFile, root } from './project.ts';
import { STATEMENT_MAX_BYTES } from './sql.ts';
import { type Wrangler, wranglerEnvironment } from './wrangler.ts';

const COMPLAINTS_MAX_LENGTH = 4_000;

export type Ask = { read: string } | { write: readonly string[] };
export type Told = { ready: true } | { rows: unknown[] } | { error: string };
export interface Opening {
  configPath: string;
  /** The folder that `--persist-to` names; workerd's state is in its `v3`. */
  state: string;
  environment: string | undefined;
}

export async function localD1(
  wrangler: Wrangler,
  { persistTo, environment }: { persistTo?: string | undefined; environment?: string | undefined },
): Promise<D1Writer> {
  const state = stateFolder(persistTo);
  await applyMigrations(wrangler, { remote: false, persistTo, environment });

  const opening: Opening = { configPath: configFile, state, environment };
  const child = fork(
    fileURLToPath(new URL(`./local-d1-process${extname(import.meta.url)}`, import.meta.url)),
    [JSON.stringify(opening)],
    {
      cwd: root,
      env: { ...wranglerEnvironment, ...process.env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    },
  );
  // workerd tells there of every retry; it is shown only where there is nothing better to say.
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-COMPLAINTS_MAX_LENGTH);
  });
  const ended = once(child, 'exit');
  const answer = async (): Promise<unknown[]> => {
    const gone = ended.then(() => [{ error: `its process has ended\n${complaints}` }]);
    const [told] = (await Promise.race([once(child, 'message'), gone])) as [Told];
    if ('error' in told) throw new ScriptFault(`The local D1: ${told.error}`);
    return 'rows' in told ? told.rows : [];
  };
  const ask = (question: Ask) => {
    const told = answer();
    child.send(question);
    return told;
  };
  await answer();

  return {
    readMaxBytes: STATEMENT_MAX_BYTES,
    read: async <Row>(sql: string) => (await ask({ read: sql })) as Row[],
    write: async (statements) => {
      await ask({ write: statements });
    },
    close: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
