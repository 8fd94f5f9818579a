/**
 * `npm run dev -- …`: the whole service on this machine. Applies the migrations to the local D1, the first
 * time makes a signing key, then is `wrangler dev`: whatever the caller gave goes to it unchanged, its exit
 * code is ours. Asks nothing; needs no terminal, account or network.
 *
 * Needs the Node 22.18 or newer that wrangler needs. `npm run` finds one in node_modules/.bin on Linux,
 * so it is never looked for here: what runs this file runs wrangler.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { holding } from './lib/lock.ts';

const DEFAULT_PORT = '8787';
const SIGNING_KEY_BYTES = 32;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Not bin/wrangler.js: that one starts a second process and dies of a signal without telling it. */
const wranglerCli = createRequire(import.meta.url).resolve('wrangler');
const interactive = process.stdin.isTTY === true;
const parentAtStart = process.ppid;

const environment = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  ...process.env,
};

const given = process.argv.slice(2);
const options = readOptions(given);

const keyFile = devVarsFile();
if (await ensureSigningKey(keyFile)) console.log(`Wrote a new SIGNING_KEY to ${keyFile}`);

const migrations = await applyMigrations();
if (migrations.interrupted) process.exit(migrations.code || 1);
if (migrations.code !== 0) {
  process.stderr.write(migrations.output);
  console.error('The migrations failed; the server was not started.');
  process.exit(migrations.code);
}

// `--var` takes every word up to the next flag: `--local` ends it, so that a script's path may come first.
const ours = [
  '--var',
  'ENVIRONMENT:development',
  '--local',
  ...(options.port ? [] : ['--port', DEFAULT_PORT]),
];
const server = await runWrangler(
  ['dev', ...ours, ...given],
  [interactive ? 'inherit' : 'ignore', 'inherit', 'inherit'],
);
process.exit(server.code);

/** What of the caller's words concerns us: whether there is a port, and what the migrations must be told too. */
function readOptions(args: string[]) {
  const { tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: {
      port: { type: 'string' },
      'persist-to': { type: 'string' },
      persistTo: { type: 'string' },
      config: { type: 'string', short: 'c' },
      env: { type: 'string', short: 'e' },
    },
  });
  const found = { port: false, shared: [] as string[], persistTo: '', config: '', env: '' };
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (token.name === 'port') found.port = true;
    if (!['persist-to', 'persistTo', 'config', 'env'].includes(token.name)) continue;
    found.shared.push(...args.slice(token.index, token.index + (token.inlineValue === false ? 2 : 1)));
    const value = (token.value ?? '').replace(/^=/, ''); // -c=FILE
    if (token.name === 'config') found.config = value;
    else if (token.name === 'env') found.env = value;
    else found.persistTo = value;
  }
  return found;
}

function projectFolder(): string {
  return dirname(resolve(root, options.config || 'wrangler.toml'));
}

/** The file wrangler will read: beside the configuration; that of the environment, where there is one. */
function devVarsFile(): string {
  const file = join(projectFolder(), '.dev.vars');
  const ofEnvironment = `${file}.${options.env}`;
  return options.env && existsSync(ofEnvironment) ? ofEnvironment : file;
}

/** Adds a random SIGNING_KEY where the file has none, and says whether it did. What is there stays as it is. */
async function ensureSigningKey(file: string): Promise<boolean> {
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const hasKey = () => /^\s*(export\s+)?SIGNING_KEY\s*[=:]/m.test(read());
  if (hasKey()) return false;
  return holding(`${file}.lock`, async () => {
    if (hasKey()) return false;
    const text = read();
    const lineBreak = text === '' || text.endsWith('\n') ? '' : '\n';
    const key = randomBytes(SIGNING_KEY_BYTES).toString('base64url');
    appendFileSync(file, `${lineBreak}SIGNING_KEY=${key}\n`, { mode: 0o600 });
    return true;
  });
}

/** wrangler's own command. Two of them on one database would each apply the same migration. */
function applyMigrations() {
  const state = options.persistTo
    ? resolve(root, options.persistTo)
    : join(projectFolder(), '.wrangler/state');
  mkdirSync(state, { recursive: true });
  return holding(join(state, 'migrations.lock'), () =>
    runWrangler(
      ['d1', 'migrations', 'apply', 'DB', '--local', ...options.shared],
      // No terminal: wrangler then answers its own question with yes.
      ['ignore', 'pipe', 'pipe'],
    ),
  );
}

/** Runs wrangler to its end. Signals to us go to it, and its end decides ours. */
function runWrangler(args: string[], stdio: StdioOptions) {
  const child = spawn(process.execPath, ['--no-warnings', wranglerCli, ...args], {
    cwd: root,
    env: environment,
    stdio,
  });
  let interrupted = false;
  const pass = (signal: NodeJS.Signals) => {
    interrupted = true;
    child.kill(signal);
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, pass);
  const watch = setInterval(() => {
    if (!hasLostNpm()) return;
    clearInterval(watch);
    pass('SIGTERM');
  }, 200);

  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => chunks.push(chunk));

  return new Promise<{ code: number; interrupted: boolean; output: Buffer }>((done, failed) => {
    child.on('error', failed);
    child.on('close', (code, signal) => {
      for (const signal of signals) process.off(signal, pass);
      clearInterval(watch);
      const exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
      done({ code: exitCode, interrupted, output: Buffer.concat(chunks) });
    });
  });
}

/** npm gives a signal to its shell, and Debian's shell dies of it without telling us: then we are an orphan. */
function hasLostNpm(): boolean {
  return process.env.npm_lifecycle_event !== undefined && process.ppid !== parentAtStart;
}
