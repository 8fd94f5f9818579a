/** Bounded waiting. Nothing here relies on `fetch` to obey its signal. */
import { AccountsError } from './errors.ts';

/** Rejects with code `timeout` after `ms`, and aborts the signal passed to `work`. */
export function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AccountsError(0, { code: 'timeout', detail: 'No answer in time' }));
      controller.abort();
    }, ms);
  });
  return Promise.race([work(controller.signal), late]).finally(() => clearTimeout(timer));
}

export type MaybeSignal = AbortSignal | null | undefined;

/** React Native's signals have no reason. */
const reasonOf = (signal: AbortSignal): unknown =>
  signal.reason ?? Object.assign(new Error('Aborted'), { name: 'AbortError' });

export function throwIfAborted(signal: MaybeSignal): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/** Stops waiting when the caller's signal aborts. The work itself continues, as others may wait for it. */
export function unlessAborted<T>(signal: MaybeSignal, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(reasonOf(signal));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
