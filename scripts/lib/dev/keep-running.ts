/** Restarts the server when it crashes, and when .dev.vars has changed. */
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from './server-process.ts';

const RESTARTS_PER_MINUTE = 5;
const RESTART_DELAY_MS = 500;

/** The exit codes of a server that was stopped on purpose. */
const STOPPED = [constants.signals.SIGINT, constants.signals.SIGTERM, constants.signals.SIGHUP].map(
  (signal) => 128 + signal,
);

export interface Conditions {
  /** Aborted when this process gets a signal, with its exit code as the reason. */
  stop: AbortSignal;
  /** Calls back at every change that needs a restart to take effect; returns a function that stops watching. */
  onChange: (changed: () => void) => () => void;
  say: (line: string) => void;
  delayMs?: number;
  now?: () => number;
}

/**
 * Returns the server's exit code: when this process gets a signal, when the server ends with 0 or by a signal, when it
 * was never ready (a restart would not help), or when it ends for the sixth time within a minute.
 */
export async function keepRunning(
  start: (ready: () => void) => ServerProcess,
  { stop, onChange, say, delayMs = RESTART_DELAY_MS, now = Date.now }: Conditions,
): Promise<number> {
  const restarts: number[] = [];
  let hasBeenReady = false;
  for (;;) {
    let hasChanged = false;
    const server = start(() => {
      hasBeenReady = true;
    });
    const stopServer = () => server.stop(signalOf(stop.reason));
    stop.addEventListener('abort', stopServer);
    if (stop.aborted) stopServer();
    const ignore = onChange(() => {
      hasChanged = true;
      server.stop('SIGTERM');
    });
    const { code, lastError } = await server.ended;
    ignore();
    stop.removeEventListener('abort', stopServer);

    if (stop.aborted) return code;
    if (hasChanged) continue;
    if (!hasBeenReady || code === 0 || STOPPED.includes(code)) return code;
    const why = lastError ? `exit code ${code}: ${lastError}` : `exit code ${code}`;
    while (restarts.length > 0 && (restarts[0] ?? 0) <= now() - 60_000) restarts.shift();
    if (restarts.length >= RESTARTS_PER_MINUTE) {
      say(`wrangler ended (${why}) too often within a minute and is not restarted.`);
      return code;
    }
    restarts.push(now());
    say(`wrangler ended (${why}). Restarting it.`);
    await sleep(delayMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return Number(stop.reason);
  }
}

const signalOf = (exitCode: unknown): NodeJS.Signals =>
  (Object.keys(constants.signals) as NodeJS.Signals[]).find(
    (name) => constants.signals[name] === Number(exitCode) - 128,
  ) ?? 'SIGTERM';
