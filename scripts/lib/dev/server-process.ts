/**
 * Runs wrangler as a child in the same process group and terminal: Ctrl-C and a signal to the group reach both. Its own
 * child processes end with it, however it ends.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { root } from '../project.ts';
import { wranglerEnvironment } from '../wrangler.ts';

/** wrangler usually closes its servers within 300 ms. */
const STOPS_WITHIN_MS = 5_000;
/** How long to wait for the output of an ended process: another process may keep the pipe open. */
const OUTPUT_ENDS_WITHIN_MS = 1_000;
/** An environment variable that every descendant process inherits. */
const MARK = 'ACCOUNTS_DEV_SERVER';

export interface Ended {
  /** The exit code, or 128 + the signal that ended it. */
  code: number;
  /** Standard output and error, if captured. */
  output: string;
  /** The last line on standard error that mentions an error. */
  lastError: string | undefined;
}

export interface ServerProcess {
  ended: Promise<Ended>;
  /** A second call, or a process that does not end soon, gets SIGKILL. */
  stop: (signal: NodeJS.Signals) => void;
}

export function startWrangler(
  args: readonly string[],
  {
    cli,
    stdin = 'ignore',
    capture = false,
    onReady,
  }: {
    /** The path of wrangler's program. */
    cli: string;
    stdin?: 'inherit' | 'ignore';
    capture?: boolean;
    /** Called with the port that it listens on. */
    onReady?: (address: { port: number }) => void;
  },
): ServerProcess {
  const mark = randomUUID();
  const isColoured = process.stderr.isTTY && process.env.NO_COLOR === undefined;
  const stdio: StdioOptions = [stdin, capture ? 'pipe' : 'inherit', 'pipe', 'ipc'];
  const child = spawn(process.execPath, ['--no-warnings', cli, ...args], {
    cwd: root,
    env: { ...(isColoured && { FORCE_COLOR: '1' }), ...wranglerEnvironment, ...process.env, [MARK]: mark },
    stdio,
  });
  const chunks: Buffer[] = [];
  let lastError: string | undefined;
  child.stdout?.on('data', (chunk) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => {
    lastError = errorIn(chunk.toString()) ?? lastError;
    if (capture) chunks.push(chunk);
    else process.stderr.write(chunk);
  });
  child.on('message', (message) => {
    if (typeof message !== 'string') return;
    const { event, port } = JSON.parse(message) as { event: string; port: number };
    if (event === 'DEV_SERVER_READY') onReady?.({ port });
  });

  const kill = () => {
    child.kill('SIGKILL');
    killMarked(mark);
  };
  process.once('exit', kill);
  let timer: NodeJS.Timeout | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (timer) return kill();
    child.kill(signal);
    timer = setTimeout(kill, STOPS_WITHIN_MS);
  };
  const ended = new Promise<Ended>((done, failed) => {
    child.on('error', failed);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      process.off('exit', kill);
      killMarked(mark);
      const exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
      const finish = () => done({ code: exitCode, output: Buffer.concat(chunks).toString(), lastError });
      child.on('close', finish);
      setTimeout(finish, OUTPUT_ENDS_WITHIN_MS).unref();
    });
  });
  return { ended, stop };
}

/** Ignores JSON: those are log lines of the Worker, not errors of wrangler. */
function errorIn(text: string): string | undefined {
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.replace(/^\s*✘?\s*\[ERROR\]\s*/, '').trim())
    .findLast((line) => /error|lost|fail/i.test(line) && !line.startsWith('{'));
}

/** workerd outlives a wrangler that is killed, and keeps the port. Found only on Linux, through proc(5). */
function killMarked(mark: string): void {
  if (process.platform !== 'linux') return;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/environ`, 'utf8').includes(`${MARK}=${mark}`)) {
        process.kill(Number(entry), 'SIGKILL');
      }
    } catch {
      // It has ended in the meantime, or belongs to another user.
    }
  }
}
