/**
 * `npm run import-users -- FILE [options]`: imports the users of another system into D1. docs/moving-in.md describes how
 * to export from each system, and what is kept.
 *
 * Can be stopped at any time and run again. Exit code 0: all users are imported, though some may lack a field; 2: some
 * were refused; 1: it failed; 128 + the signal: it was stopped. The report says who and why.
 */
import { readArguments, run } from './import/command.ts';
import { requireTables } from './lib/d1-writer.ts';
import { openD1, REMOTE_MIGRATIONS } from './lib/open-d1.ts';
import { runScript, stopSignal } from './lib/stop.ts';

await runScript(main);

async function main(): Promise<number> {
  const given = readArguments(process.argv.slice(2));
  const signal = stopSignal();
  const writer = await openD1(given.where);
  try {
    await requireTables(writer, REMOTE_MIGRATIONS);
    return await run(writer, given, console.log, signal);
  } finally {
    await writer.close();
  }
}
