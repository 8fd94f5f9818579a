/** How the scripts end: when they are told to, and when they fail. */
import { constants } from 'node:os';
import { ScriptFault } from './fault.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Of one Ctrl-C the terminal tells the whole group, and npm its child once more. */
const SAME_SIGNAL_WITHIN_MS = 500;

/**
 * Aborted by the first signal, with the exit code as its reason, so that the step at work can be finished;
 * the second signal ends the process at once.
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
  // npm gives a signal to its shell, and Debian's shell dies of it without telling us: then we are an orphan.
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  setInterval(() => {
    if (underNpm && process.ppid !== parentAtStart) controller.abort(128 + constants.signals.SIGTERM);
  }, 200).unref();
  return controller.signal;
}

/** Lets what hangs on the process's exit (temporary files, child processes) be done at a signal too. */
export function exitOnSignal(): void {
  for (const signal of SIGNALS) process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

/**
 * Sets the exit code. A fault that was foreseen is one sentence, and so is one of the system (a file that may not
 * be read); any other is a defect and shows its stack.
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
