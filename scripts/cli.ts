#!/usr/bin/env node
/** `npx hono-accounts COMMAND …`: the commands of this repository, for a project that mounts the package. */
import { ScriptFault } from './lib/fault.ts';
import { hasConfig } from './lib/project.ts';
import { runScript } from './lib/stop.ts';

/** Each module reads the rest of `process.argv` and sets the exit code. */
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  migrate: () => import('./migrate.ts'),
  createsuperuser: () => import('./createsuperuser.ts'),
  'import-users': () => import('./import-users.ts'),
  'export-users': () => import('./export-users.ts'),
  keys: () => import('./keys.ts'),
};

const USAGE = `Usage: npx hono-accounts COMMAND
  migrate          create or update the tables
  createsuperuser  create a staff account
  import-users     import users from another system
  export-users     export all users to a file
  keys             create or rotate the key that signs tokens
All commands except keys use the D1 database with the binding DB from the nearest wrangler configuration, in this folder
or above it: the local database or, with --remote, the deployed one.`;

await runScript(async () => {
  const [name = ''] = process.argv.splice(2, 1);
  if (['', 'help', '--help', '-h'].includes(name)) {
    console.log(USAGE);
    return name === '' ? 1 : 0;
  }
  const command = COMMANDS[name];
  if (command === undefined) throw new ScriptFault(`Unknown command: ${name}\n${USAGE}`);
  if (name !== 'keys' && !hasConfig) {
    throw new ScriptFault(
      'No wrangler.toml, wrangler.json or wrangler.jsonc was found in this folder or above it.',
    );
  }
  await command();
  return Number(process.exitCode ?? 0);
});
