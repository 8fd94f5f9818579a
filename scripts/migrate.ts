/**
 * `npm run migrate -- [--remote] [--persist-to DIR] [--env NAME]`: the tables of the accounts, in the D1 database `DB`.
 * Can be repeated: what was applied is not applied again. Exit code 0, or 1 where it failed.
 */
import { parseArgs } from 'node:util';
import { ScriptFault } from './lib/fault.ts';
import { applyMigrations, type Where } from './lib/migrations.ts';
import { commandLine } from './lib/project.ts';
import { exitOnSignal, runScript } from './lib/stop.ts';
import { wrangler } from './lib/wrangler.ts';

const USAGE = `Usage: ${commandLine('migrate')} [--remote] [--persist-to DIR] [--env NAME]`;

await runScript(async () => {
  const where = readArguments();
  exitOnSignal();
  console.log((await applyMigrations(wrangler, where)).trim());
  return 0;
});

function readArguments(): Where {
  try {
    const { values } = parseArgs({
      options: {
        remote: { type: 'boolean', default: false },
        'persist-to': { type: 'string' },
        env: { type: 'string' },
      },
    });
    return { remote: values.remote, persistTo: values['persist-to'], environment: values.env };
  } catch (error) {
    throw new ScriptFault(`${(error as Error).message}\n${USAGE}`);
  }
}
