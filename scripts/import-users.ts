/**
 * `npm run import-users -- FILE [--remote] [--persist-to DIR] [--env NAME] [--batch N]`: the users of
 * `manage.py dumpdata auth.user` into D1. docs/coming-from-django.md tells how and what is kept.
 *
 * Can be stopped at any time and run again. Exit code 0: all imported or there already; 2: some were refused,
 * and FILE.refused.jsonl says who and why; 1: it failed; 128 + the signal: it was stopped.
 */
import { closeSync, createReadStream, fstatSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { requireTables } from './lib/d1-writer.ts';
import { readDump } from './lib/dump.ts';
import { ScriptFault } from './lib/fault.ts';
import { type Counts, DEFAULT_BATCH, importUsers, type Refused } from './lib/import.ts';
import { openD1, REMOTE_MIGRATIONS } from './lib/open-d1.ts';
import { runScript, stopSignal } from './lib/stop.ts';

const USAGE = 'Usage: npm run import-users -- FILE [--remote] [--persist-to DIR] [--env NAME] [--batch N]';
const MAX_BATCH = 20_000;
const PROGRESS_EVERY_MS = 2_000;
const MAX_REMARKS = 20;

await runScript(main);

async function main(): Promise<number> {
  const { file, batch, ...where } = readArguments();
  const size = sizeOf(file);
  const signal = stopSignal();
  const writer = await openD1(where);
  try {
    await requireTables(writer, REMOTE_MIGRATIONS);
    const refusals = openRefusals(`${file}.refused.jsonl`);
    const input = createReadStream(file);
    const hooks = {
      refused: refusals.add,
      remark: remarks(),
      progress: progress(() => input.bytesRead / size),
    };
    try {
      const counts = await importUsers(writer, readDump(input), batch, hooks, signal);
      return report(counts, signal, refusals.file);
    } finally {
      refusals.close();
    }
  } finally {
    await writer.close();
  }
}

/** Begins anew at each run; where nobody was refused there is no file. For this user's eyes: it names people. */
function openRefusals(file: string) {
  const descriptor = openSync(file, 'w', 0o600);
  return {
    file,
    add: (line: Refused) => void writeSync(descriptor, `${JSON.stringify(line)}\n`),
    close: () => {
      const { size } = fstatSync(descriptor);
      closeSync(descriptor);
      if (size === 0) rmSync(file, { force: true });
    },
  };
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        remote: { type: 'boolean', default: false },
        'persist-to': { type: 'string' },
        env: { type: 'string' },
        batch: { type: 'string', default: String(DEFAULT_BATCH) },
      },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new TypeError('one FILE is needed');
    const batch = /^\d+$/.test(values.batch) ? Number(values.batch) : 0;
    if (batch < 1 || batch > MAX_BATCH) throw new TypeError(`--batch is a number from 1 to ${MAX_BATCH}`);
    // npm runs scripts in the project's root, whatever folder the caller is in.
    const path = resolve(process.env.INIT_CWD ?? '.', file);
    return {
      file: path,
      batch,
      remote: values.remote,
      persistTo: values['persist-to'],
      environment: values.env,
    };
  } catch (error) {
    throw new ScriptFault(`${(error as Error).message}\n${USAGE}`);
  }
}

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new ScriptFault(`There is no file ${file}`);
  return found.size;
}

function tally(counts: Readonly<Counts>): string {
  return `${counts.read} read: ${counts.imported} imported, ${counts.alreadyThere} already there, ${counts.refused} refused`;
}

/** The first batch is told at once: a sign of life. */
function progress(share: () => number) {
  let toldAt = 0;
  return (counts: Readonly<Counts>) => {
    if (Date.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = Date.now();
    console.error(`${Math.floor(100 * share())} %  ${tally(counts)}`);
  };
}

function remarks() {
  let told = 0;
  return (text: string) => {
    told += 1;
    if (told <= MAX_REMARKS) console.error(text);
    else if (told === MAX_REMARKS + 1) console.error('… and more of the kind');
  };
}

function report(counts: Counts, signal: AbortSignal, refusedFile: string): number {
  console.log(tally(counts));
  if (counts.mustReset > 0) {
    console.log(`${counts.mustReset} of the imported can only reset their password: no PBKDF2 hash`);
  }
  if (counts.refused > 0) console.log(`Who was refused and why: ${refusedFile}`);
  if (signal.aborted) {
    console.log('Stopped before the end of the file. Run it again to go on.');
    return signal.reason as number;
  }
  return counts.refused > 0 ? 2 : 0;
}
