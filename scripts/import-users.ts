/**
 * `npm run import-users -- FILE [options]`: imports the users of another system into D1. docs/moving-in.md describes how
 * to export from each system, and what is kept.
 *
 * Can be stopped at any time and run again. Exit code 0: all users are imported, though some may lack a field; 2: some
 * were refused; 1: it failed; 128 + the signal: it was stopped. The report says who and why.
 */
import { readArguments, run } from './import/command.ts';
import { type D1Writer, requireTables } from './lib/d1-writer.ts';
import { openD1, REMOTE_MIGRATIONS, type Where } from './lib/open-d1.ts';
import { runScript, stopSignal } from './lib/stop.ts';

await runScript(main);

async function main(): Promise<number> {
  const given = readArguments(process.argv.slice(2));
  const signal = stopSignal();
  // To open a database takes seconds, in which the file is read. Where that fails, nothing more is read.
  const opening = open(given.where);
  const failed = new AbortController();
  opening.catch(() => failed.abort(1));
  try {
    return await run(opening, given, console.log, AbortSignal.any([signal, failed.signal]));
  } finally {
    const opened = await opening.catch(() => null);
    await opened?.close();
  }
}

async function open(where: Where): Promise<D1Writer> {
  const writer = await openD1(where);
  try {
    await requireTables(writer, REMOTE_MIGRATIONS);
    return writer;
  } catch (error) {
    await writer.close();
    throw error;
  }
}
