#!/usr/bin/env node
/** `npx hono-accounts COMMAND …`: the commands of this repository, for the Worker of another project. */
import { ScriptFault } from './lib/fault.ts';
import { hasConfig } from './lib/project.ts';
import { runScript } from './lib/stop.ts';

/** Each reads the rest of `process.argv` and sets the exit code. */
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  migrate: () => import('./migrate.ts'),
  createsuperuser: () => import('./createsuperuser.ts'),
  'import-users': () => import('./import-users.ts'),
  'export-users': () => import('./export-users.ts'),
  keys: () => import('./keys.ts'),
};

const USAGE = `Usage: npx hono-accounts COMMAND
  migrate          creates the tables, or brings them up to date
  createsuperuser  makes a staff account
  import-users     brings the users of another system in
  export-users     writes all users into a file
  keys             makes or rotates the key that signs the tokens
All but keys work on the D1 database DB of the wrangler configuration of this folder or of one above it: the local one,
or with --remote the deployed one.`;

await runScript(async () => {
  const [name = ''] = process.argv.splice(2, 1);
  if (['', 'help', '--help', '-h'].includes(name)) {
    console.log(USAGE);
    return name === '' ? 1 : 0;
  }
  const command = COMMANDS[name];
  if (command === undefined) throw new ScriptFault(`There is no command ${name}.\n${USAGE}`);
  if (name !== 'keys' && !hasConfig) {
    throw new ScriptFault('There is no wrangler.toml, wrangler.json or wrangler.jsonc here or above.');
  }
  await command();
  return Number(process.exitCode ?? 0);
});
