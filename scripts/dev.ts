/**
 * `npm run dev -- …`: the whole service on this machine. Applies the migrations to the local D1, the first
 * time makes a signing key, then is `wrangler dev`: whatever the caller gave goes to it unchanged, its exit
 * code is ours. Starts it again where it ends unexpectedly, and when .dev.vars was edited, which wrangler reads only
 * once. Asks nothing; needs no terminal, account or network.
 *
 * Needs the Node 22.18 or newer that wrangler needs. `npm run` finds one in node_modules/.bin on Linux,
 * so it is never looked for here: what runs this file runs wrangler.
 */
import { mkdirSync, unwatchFile, watchFile } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { keepRunning } from './lib/dev/keep-running.ts';
import { answers, links } from './lib/dev/links.ts';
import { defaultArguments, readDevOptions, stateFolder } from './lib/dev/options.ts';
import { isPortTaken } from './lib/dev/port.ts';
import { devVarsFile, ensureSecrets, readDevVars } from './lib/dev/secrets.ts';
import { startWrangler } from './lib/dev/server-process.ts';
import { ScriptFault } from './lib/fault.ts';
import { holding } from './lib/lock.ts';
import { root } from './lib/project.ts';
import { runScript, stopSignal } from './lib/stop.ts';

const DEV_VARS_LOOKED_AT_EVERY_MS = 500;

/** Not bin/wrangler.js: that one starts a second process and dies of a signal without telling it. */
const cli = createRequire(import.meta.url).resolve('wrangler');
const given = process.argv.slice(2);
const options = readDevOptions(given, root);

await runScript(main);

async function main(): Promise<number> {
  const { port, host } = options;
  if (port > 0 && (await isPortTaken(port, host))) {
    throw new ScriptFault(
      `Port ${port} is taken. Stop what listens there, or choose another: npm run dev -- --port ${port + 1}`,
    );
  }
  const stop = stopSignal();
  const file = devVarsFile(options);
  for (const name of await ensureSecrets(file)) console.log(`Wrote a new ${name} to ${file}`);

  const migrations = await applyMigrations(stop);
  if (stop.aborted) return migrations.code || 1;
  if (migrations.code !== 0) {
    process.stderr.write(migrations.output);
    console.error('The migrations failed; the server was not started.');
    return migrations.code;
  }

  let isFirst = true;
  return keepRunning(
    (ready) =>
      startWrangler(['dev', ...defaultArguments(options), ...given], {
        cli,
        stdin: process.stdin.isTTY ? 'inherit' : 'ignore',
        onReady: ({ port }) => {
          ready();
          if (isFirst) void printLinks(port);
          isFirst = false;
        },
      }),
    { stop, onChange: (changed) => watchDevVars(file, changed), say: console.error },
  );
}

/** At the first answer: wrangler is ready before the Worker is. */
async function printLinks(port: number): Promise<void> {
  if (await answers(options, port)) console.log(links(options, port));
}

/** wrangler's own command. Two of them on one database would each apply the same migration. */
function applyMigrations(stop: AbortSignal) {
  const state = stateFolder(options, root);
  mkdirSync(state, { recursive: true });
  return holding(join(state, 'migrations.lock'), () => {
    // No terminal: wrangler then answers its own question with yes.
    const wrangler = startWrangler(['d1', 'migrations', 'apply', 'DB', '--local', ...options.shared], {
      cli,
      capture: true,
    });
    const stopWrangler = () => wrangler.stop('SIGTERM');
    stop.addEventListener('abort', stopWrangler);
    return wrangler.ended.finally(() => stop.removeEventListener('abort', stopWrangler));
  });
}

/** By what it says: an editor that saves it unchanged, or by a new file, makes no difference. */
function watchDevVars(file: string, changed: () => void): () => void {
  const before = readDevVars(file);
  const look = () => {
    if (readDevVars(file) === before) return;
    console.log(`${file} has changed. Starting the server again.`);
    unwatchFile(file, look);
    changed();
  };
  watchFile(file, { interval: DEV_VARS_LOOKED_AT_EVERY_MS, persistent: false }, look);
  return () => unwatchFile(file, look);
}
