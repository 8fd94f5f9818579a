/** Prints progress, speed and remaining time on standard error, every two seconds. */
const EVERY_MS = 2_000;
/** Before that the speed is not known well enough for an estimate. */
const ESTIMATE_AFTER_MS = 1_000;

/** `share`: 0 to 1. The first call prints at once. */
export function progressOf(verb: string, share: (done: number) => number, log = console.error) {
  const began = Date.now();
  let printedAt = 0;
  return (done: number): void => {
    const now = Date.now();
    if (now - printedAt < EVERY_MS) return;
    printedAt = now;
    const part = Math.min(1, share(done));
    const elapsed = now - began;
    const rate = elapsed > 0 ? `, ${Math.round((done * 1_000) / elapsed)} a second` : '';
    const left =
      part > 0 && elapsed > ESTIMATE_AFTER_MS ? `, ${duration((elapsed * (1 - part)) / part)} left` : '';
    log(`${Math.floor(100 * part)} %  ${done} ${verb}${rate}${left}`);
  };
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
