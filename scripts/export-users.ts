/**
 * `npm run export-users -- FILE [--with-hashes] [--remote] [--persist-to DIR] [--env NAME]`: writes all users as JSON
 * lines, which `npm run import-users` reads. FILE must not exist; only its owner can read it. Exit code 0, or 1 if it
 * failed or was stopped: then FILE is incomplete.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { requireTables } from './lib/d1-writer.ts';
import { ScriptFault } from './lib/fault.ts';
import { helpIfAsked } from './lib/help.ts';
import { openD1, REMOTE_MIGRATIONS } from './lib/open-d1.ts';
import { commandLine } from './lib/project.ts';
import { exitOnSignal, runScript } from './lib/stop.ts';
import { exportUsers } from './lib/users-export.ts';

const USAGE = `Usage: ${commandLine('export-users')} FILE [--with-hashes] [--remote] [--persist-to DIR] [--env NAME]
  --with-hashes  include password hashes: keep the file as secret as the database itself`;

await runScript(main);

async function main(): Promise<number> {
  const { file, hashes, where } = readArguments();
  exitOnSignal();
  const writer = await openD1(where);
  try {
    await requireTables(writer, REMOTE_MIGRATIONS);
    const descriptor = create(file);
    let users = 0;
    try {
      for await (const lines of exportUsers(writer, { hashes })) {
        writeSync(descriptor, lines);
        users += lines.split('\n').length - 1;
      }
    } finally {
      closeSync(descriptor);
    }
    console.log(`${users} users, ${hashes ? 'with' : 'without'} password hashes: ${file}`);
    return 0;
  } finally {
    await writer.close();
  }
}

/** Never overwrites a file: it may be the only copy. */
function create(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new ScriptFault(`${file} already exists`);
  }
}

function readArguments() {
  helpIfAsked(USAGE);
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        'with-hashes': { type: 'boolean', default: false },
        remote: { type: 'boolean', default: false },
        'persist-to': { type: 'string' },
        env: { type: 'string' },
      },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new TypeError('exactly one FILE is required');
    return {
      // npm runs scripts in the project's root, not in the caller's folder.
      file: resolve(process.env.INIT_CWD ?? '.', file),
      hashes: values['with-hashes'],
      where: { remote: values.remote, persistTo: values['persist-to'], environment: values.env },
    };
  } catch (error) {
    throw new ScriptFault(`${(error as Error).message}\n${USAGE}`);
  }
}
