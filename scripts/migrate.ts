/**
 * `npm run migrate -- [--remote] [--persist-to DIR] [--env NAME]`: applies the migrations to the D1 database `DB`. Can be
 * repeated: each migration is applied once. Run from the package, it also adds missing development secrets to
 * .dev.vars. Exit code 0, or 1 if it failed.
 */
import { parseArgs } from 'node:util';
import { devVarsFile, ensureSecrets } from './lib/dev/secrets.ts';
import { ScriptFault } from './lib/fault.ts';
import { helpIfAsked } from './lib/help.ts';
import { applyMigrations, type Where } from './lib/migrations.ts';
import { NEW_SECRETS } from './lib/new-secrets.ts';
import { commandLine, configFile, isClone } from './lib/project.ts';
import { exitOnSignal, runScript } from './lib/stop.ts';
import { wrangler } from './lib/wrangler.ts';

const USAGE = `Usage: ${commandLine('migrate')} [--remote] [--persist-to DIR] [--env NAME]`;

await runScript(async () => {
  const where = readArguments();
  exitOnSignal();
  const said = (await applyMigrations(wrangler, where)).trim();
  // After each migration wrangler prints the table of them all; the last one says what has become of each.
  console.log(said.slice(Math.max(0, said.lastIndexOf('┌'))));
  if (!isClone && !where.remote) await ensureDevVars(where.environment ?? '');
  return 0;
});

/** The secrets that `wrangler dev` needs; in a clone `npm run dev` writes them. They are never deployed. */
async function ensureDevVars(environment: string): Promise<void> {
  const file = devVarsFile({ configFile, environment });
  const values = { ...NEW_SECRETS, ENVIRONMENT: () => 'development' };
  for (const name of await ensureSecrets(file, values)) console.log(`Wrote ${name} to ${file}`);
}

function readArguments(): Where {
  helpIfAsked(USAGE);
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
