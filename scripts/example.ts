/**
 * `npm run example`: runs examples/notes and the accounts Worker that its users sign in at, each on its own port.
 * Options: `--accounts-port`, `--notes-port`, and `--persist-to` for the folder of both local states.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { newKey } from './keys/new-key.ts';
import { startWrangler } from './lib/dev/server-process.ts';
import { helpIfAsked } from './lib/help.ts';
import { root } from './lib/project.ts';
import { runScript, stopSignal } from './lib/stop.ts';

const POLL_MS = 250;

const cli = createRequire(import.meta.url).resolve('wrangler');
const config = ['--config', join(root, 'examples/notes/wrangler.toml')];
const USAGE = 'Usage: npm run example -- [--accounts-port PORT] [--notes-port PORT] [--persist-to DIR]';
const values = readArguments();
const state = resolve(root, values['persist-to']);
const accounts = `http://localhost:${values['accounts-port']}`;
const notes = `http://localhost:${values['notes-port']}`;
/** Signs the events that the accounts send to the notes. */
const eventsSecret = `whsec_${randomBytes(32).toString('base64')}`;
/** Service bindings find a Worker by its name: this one, and no other that runs on this machine. */
process.env.WRANGLER_REGISTRY_PATH = join(state, 'registry');

function readArguments() {
  helpIfAsked(USAGE);
  try {
    return parseArgs({
      options: {
        'accounts-port': { type: 'string', default: '8787' },
        'notes-port': { type: 'string', default: '8788' },
        'persist-to': { type: 'string', default: join(root, '.wrangler/example') },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(1);
  }
}

/** A private key: the notes Worker verifies tokens with its public half and cannot sign any. */
async function signingKey(): Promise<string> {
  const file = join(state, 'signing-key.json');
  mkdirSync(state, { recursive: true });
  if (!existsSync(file)) {
    writeFileSync(file, JSON.stringify((await newKey('ES256')).private), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8');
}

/** Runs `npm run dev`'s script with the settings of the example. */
function startAccounts(key: string) {
  const variables = [
    ...[`SIGNING_KEY:${key}`, `ISSUER:${accounts}`, 'SITE_NAME:Notes', `RETURN_URL:${notes}/`],
    ...[`EVENTS_URL:${notes}/events`, `EVENTS_SECRET:${eventsSecret}`],
  ];
  const child = spawn(
    process.execPath,
    [
      ...['--no-warnings', join(root, 'scripts/dev.ts'), '--var', ...variables],
      ...['--port', values['accounts-port'], '--persist-to', state],
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  return { child, ended: new Promise<number>((done) => child.once('exit', (code) => done(code ?? 1))) };
}

/** One workerd after another: two that open the same local state at once can find it locked. */
async function isReady(signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const answer = await fetch(`${accounts}/readyz`, { signal }).catch(() => null);
    if (answer?.ok) return true;
    await sleep(POLL_MS);
  }
  return false;
}

await runScript(async () => {
  const stop = stopSignal();
  const migrations = startWrangler(
    ['d1', 'migrations', 'apply', 'NOTES', '--local', ...config, '--persist-to', state],
    { cli, capture: true },
  );
  const { code, output } = await migrations.ended;
  if (code !== 0) process.stderr.write(output);
  if (stop.aborted || code !== 0) return stop.aborted ? Number(stop.reason) : code;

  const ended = new AbortController();
  const server = startAccounts(await signingKey());
  stop.addEventListener('abort', () => server.child.kill('SIGTERM'));
  void server.ended.then(() => ended.abort());
  if (stop.aborted) server.child.kill('SIGTERM');
  if (!(await isReady(ended.signal))) return stop.aborted ? Number(stop.reason) : server.ended;

  const app = startWrangler(
    [
      'dev',
      ...config,
      // The guard of this repository, in place of an installed package.
      ...['--tsconfig', join(root, 'tsconfig.example.json')],
      '--var',
      ...[`ACCOUNTS_URL:${accounts}`, `ISSUER:${accounts}`, `EVENTS_SECRET:${eventsSecret}`],
      'ENVIRONMENT:development',
      ...['--local', '--port', values['notes-port'], '--persist-to', state],
    ],
    { cli, onReady: () => console.log(`\n  Notes     ${notes}\n  Accounts  ${accounts}/account/settings\n`) },
  );
  const end = () => {
    app.stop('SIGTERM');
    server.child.kill('SIGTERM');
  };
  stop.addEventListener('abort', end);
  if (stop.aborted) end();
  const first = await Promise.race([app.ended.then((ended) => ended.code), server.ended]);
  end();
  await Promise.all([app.ended, server.ended]);
  return stop.aborted ? Number(stop.reason) : first;
});
