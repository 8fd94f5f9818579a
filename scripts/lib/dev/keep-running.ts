/** Starts the server again when it ends without being asked to, and when its .dev.vars has changed. */
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from './server-process.ts';

const RESTARTS_PER_MINUTE = 5;
const RESTART_DELAY_MS = 500;

/** Somebody ended it on purpose. */
const ASKED = [constants.signals.SIGINT, constants.signals.SIGTERM, constants.signals.SIGHUP].map(
  (signal) => 128 + signal,
);

export interface Conditions {
  /** Aborted when this process is told to end, with its exit code as the reason. */
  stop: AbortSignal;
  /** Calls back at every change that only a new start brings into effect; answers a function that stops that. */
  onChange: (changed: () => void) => () => void;
  say: (line: string) => void;
  delayMs?: number;
  now?: () => number;
}

/**
 * Answers the server's exit code: when this process is told to end, when the server ends by itself with 0 or by a
 * signal that asks it to, when it was never ready (the same would happen again), or at its sixth end in a minute.
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
    if (!hasBeenReady || code === 0 || ASKED.includes(code)) return code;
    const why = lastError ? `exit code ${code}: ${lastError}` : `exit code ${code}`;
    while (restarts.length > 0 && (restarts[0] ?? 0) <= now() - 60_000) restarts.shift();
    if (restarts.length >= RESTARTS_PER_MINUTE) {
      say(`wrangler ended (${why}), too often within a minute to be started again.`);
      return code;
    }
    restarts.push(now());
    say(`wrangler ended (${why}). Starting it again.`);
    await sleep(delayMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return Number(stop.reason);
  }
}

const signalOf = (exitCode: unknown): NodeJS.Signals =>
  (Object.keys(constants.signals) as NodeJS.Signals[]).find(
    (name) => constants.signals[name] === Number(exitCode) - 128,
  ) ?? 'SIGTERM';
