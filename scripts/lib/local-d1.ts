/**
 * The D1 of `npm run dev`, with the migrations applied. A child process opens it (local-d1-process.ts), which ends with
 * its parent however that ends; workerd itself would be left behind.
 */
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { D1Writer } from './d1-writer.ts';
import { ScriptFault } from './fault.ts';
import { applyMigrations, stateFolder } from './migrations.ts';
import { configFile, root } from './project.ts';
import { STATEMENT_MAX_BYTES } from './sql.ts';
import { type Wrangler, wranglerEnvironment } from './wrangler.ts';

const STDERR_MAX_LENGTH = 4_000;

export type Request = { read: string } | { write: readonly string[] };
export type Reply = { ready: true } | { rows: unknown[] } | { error: string };
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
  // workerd logs every retry there, so it is shown only if the process ends.
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_MAX_LENGTH);
  });
  let answer: (reply: Reply) => void = () => {};
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const gone = () => answer({ error: `its process has ended\n${stderr}` });
  void ended.then(gone);
  child.on('error', ({ message }) => answer({ error: message }));
  child.on('message', (reply: Reply) => answer(reply));
  /** Not a race with `ended`: a promise that stays pending would keep every reply that was raced against it. */
  const nextReply = () =>
    new Promise<unknown[]>((done, failed) => {
      answer = (reply) => {
        if ('error' in reply) failed(new ScriptFault(`The local D1: ${reply.error}`));
        else done('rows' in reply ? reply.rows : []);
      };
    });
  const send = (request: Request) => {
    const reply = nextReply();
    child.send(request, (error) => {
      if (error) void ended.then(gone);
    });
    return reply;
  };
  await nextReply();

  return {
    readMaxBytes: STATEMENT_MAX_BYTES,
    read: async <Row>(sql: string) => (await send({ read: sql })) as Row[],
    write: async (statements) => {
      await send({ write: statements });
    },
    close: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
