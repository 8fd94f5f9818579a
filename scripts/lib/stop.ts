/** How the scripts end: on a signal, on an error, or with an exit code. */
import { constants } from 'node:os';
import { ScriptFault } from './fault.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C arrives twice: from the terminal, which signals the whole process group, and from npm. */
const SAME_SIGNAL_WITHIN_MS = 500;

/**
 * Aborted by the first signal, with the exit code as its reason, so that the current step can finish; a second signal
 * ends the process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const parentAtStart = process.ppid;
  let firstAt = 0;
  for (const signal of SIGNALS) {
    const code = 128 + constants.signals[signal];
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        firstAt = performance.now();
        controller.abort(code);
      } else if (performance.now() - firstAt > SAME_SIGNAL_WITHIN_MS) {
        process.exit(code);
      }
    });
  }
  // npm signals its shell, and Debian's shell ends without passing the signal on: a new parent is the only sign of it.
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  setInterval(() => {
    if (underNpm && process.ppid !== parentAtStart) controller.abort(128 + constants.signals.SIGTERM);
  }, 200).unref();
  return controller.signal;
}

/** Makes the handlers of the process's `exit` event (temporary files, child processes) run on a signal too. */
export function exitOnSignal(): void {
  for (const signal of SIGNALS) process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

/**
 * Sets the exit code. A ScriptFault or a system error (a file that cannot be read) is shown as its message; any other
 * error is a defect and shows its stack.
 */
export async function runScript(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof ScriptFault || isSystemError(error) ? error.message : error);
    process.exitCode = 1;
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;
