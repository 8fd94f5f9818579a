/**
 * `npm run dev -- …`: runs the whole service locally. Generates the missing secrets, applies the migrations to the local
 * D1, then runs `wrangler dev` with the caller's arguments and exits with its exit code. Restarts wrangler when it
 * crashes, and when .dev.vars changes, which wrangler reads only once. Needs no terminal, account or network.
 *
 * Runs wrangler with the Node that runs this file, 22.18 or newer; `npm run` finds one in node_modules/.bin on Linux.
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

/** Not bin/wrangler.js: that starts a second process and does not pass signals on to it. */
const cli = createRequire(import.meta.url).resolve('wrangler');
const given = process.argv.slice(2);
const options = readDevOptions(given, root);

await runScript(main);

async function main(): Promise<number> {
  const { port, host } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ScriptFault('--port must be a number from 0 to 65535');
  }
  if (port > 0 && (await isPortTaken(port, host))) {
    throw new ScriptFault(
      `Port ${port} is in use. Stop the program that uses it, or choose another port: npm run dev -- --port ${port + 1}`,
    );
  }
  const stop = stopSignal();
  const file = devVarsFile(options);
  for (const name of await ensureSecrets(file)) console.log(`Wrote a new ${name} to ${file}`);

  const migrations = await applyMigrations(stop);
  if (stop.aborted) return migrations.code || 1;
  if (migrations.code !== 0) {
    process.stderr.write(migrations.output);
    console.error('The migrations failed, so the server was not started.');
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

/** After the first answer: wrangler reports that it is ready before the Worker is. */
async function printLinks(port: number): Promise<void> {
  if (await answers(options, port)) console.log(links(options, port));
}

/** Under a lock: two at once would each apply the same migration. */
function applyMigrations(stop: AbortSignal) {
  const state = stateFolder(options, root);
  mkdirSync(state, { recursive: true });
  return holding(join(state, 'migrations.lock'), () => {
    // Without a terminal wrangler does not ask for confirmation.
    const wrangler = startWrangler(['d1', 'migrations', 'apply', 'DB', '--local', ...options.shared], {
      cli,
      capture: true,
    });
    const stopWrangler = () => wrangler.stop('SIGTERM');
    stop.addEventListener('abort', stopWrangler);
    return wrangler.ended.finally(() => stop.removeEventListener('abort', stopWrangler));
  });
}

/** Compares contents, so that saving the file unchanged, or by replacing it, restarts nothing. */
function watchDevVars(file: string, changed: () => void): () => void {
  const before = readDevVars(file);
  const look = () => {
    if (readDevVars(file) === before) return;
    console.log(`${file} has changed. Restarting the server.`);
    unwatchFile(file, look);
    changed();
  };
  watchFile(file, { interval: DEV_VARS_LOOKED_AT_EVERY_MS, persistent: false }, look);
  return () => unwatchFile(file, look);
}
