/**
 * wrangler as a child in the same process group and at the same terminal: Ctrl-C and a kill of the group reach both.
 * What it starts itself ends with it, however it ends.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { root } from '../project.ts';
import { wranglerEnvironment } from '../wrangler.ts';

/** wrangler closes its servers in some 300 ms. */
const STOPS_WITHIN_MS = 5_000;
/** Of a process that has ended; another one may still hold its end of the pipe. */
const OUTPUT_ENDS_WITHIN_MS = 1_000;
/** Inherited by every process below it. */
const MARK = 'ACCOUNTS_DEV_SERVER';

export interface Ended {
  /** 128 + the signal where one ended it. */
  code: number;
  /** Standard output and error, where they were captured. */
  output: string;
  /** The last line on standard error that speaks of an error. */
  lastError: string | undefined;
}

export interface ServerProcess {
  ended: Promise<Ended>;
  /** A second time, or where it does not end soon: SIGKILL. */
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
    /** wrangler's own program. */
    cli: string;
    stdin?: 'inherit' | 'ignore';
    capture?: boolean;
    /** The address that it serves on. */
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

/** The Worker's own log lines are JSON, and no reason for wrangler to end. */
function errorIn(text: string): string | undefined {
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.replace(/^\s*✘?\s*\[ERROR\]\s*/, '').trim())
    .findLast((line) => /error|lost|fail/i.test(line) && !line.startsWith('{'));
}

/** wrangler's workerd outlives a wrangler that is killed, and keeps the port. Told only on Linux, from proc(5). */
function killMarked(mark: string): void {
  if (process.platform !== 'linux') return;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/environ`, 'utf8').includes(`${MARK}=${mark}`)) {
        process.kill(Number(entry), 'SIGKILL');
      }
    } catch {
      // It has ended meanwhile, or is another user's.
    }
  }
}
