/**
 * Sustained load: a number of connections for some time, each sending its next request when it has its answer. Unlike load.ts
 * it continues after a failure and counts it, to see what breaks and whether the end is like the beginning.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, errors } from 'undici';
import type { Ask } from './load.ts';

/** The client of one connection: its next request, and how it handles an answer. */
export interface Visitor {
  ask: () => Ask;
  answered: (ask: Ask, text: string) => void;
}

/** When an answer came, since the beginning, and how long it took. Milliseconds. */
export interface Answer {
  at: number;
  ms: number;
}

/** Milliseconds of the answers in one period. */
export interface Times {
  answers: number;
  p50: number;
  p99: number;
}

export interface Held {
  connections: number;
  seconds: number;
  /** Answered with the expected status. */
  answered: number;
  perSecond: number;
  /** 503 with `Retry-After`, after which the client retries. */
  unavailable: number;
  /** Any other status than the expected one; the first of them as text. */
  failed: number;
  firstFailure: string | null;
  /** Requests without an answer, as their connection was closed. */
  dropped: number;
  /** Requests without an answer within half a minute. */
  givenUp: number;
  /** Right after the warm-up, and at the end; each a sixth of the time. */
  early: Times;
  late: Times;
  /** MiB after the warm-up and at the end. */
  memory: { early: number; late: number };
}

const ANSWER_WITHIN_MS = 30_000;
/** The fraction of the time for the warm-up, for the period after it and for that at the end: ten seconds of a minute. */
const STRETCHES = 6;

export async function hold(
  origin: string,
  {
    connections,
    seconds,
    memoryMiB,
    answerWithinMs = ANSWER_WITHIN_MS,
  }: { connections: number; seconds: number; memoryMiB: () => number; answerWithinMs?: number },
  visitor: (connection: number) => Visitor,
): Promise<Held> {
  const stretchMs = (seconds * 1_000) / STRETCHES;
  const counts = { unavailable: 0, failed: 0, dropped: 0, givenUp: 0 };
  let firstFailure: string | null = null;
  const answers: Answer[] = [];
  const started = performance.now();
  const now = () => performance.now() - started;
  const left = () => seconds * 1_000 - now();

  let early = 0;
  const watch = sleep(stretchMs).then(() => {
    early = memoryMiB();
  });

  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const client = new Client(origin, { pipelining: 1, headersTimeout: answerWithinMs });
      const { ask, answered } = visitor(connection);
      try {
        while (left() > 0) {
          const asked = now();
          const wanted = ask();
          try {
            const { status, retryAfter, text } = await send(client, wanted);
            if (status === (wanted.expect ?? 200)) {
              answers.push({ at: now(), ms: now() - asked });
              answered(wanted, text);
            } else if (status === 503 && retryAfter !== null) {
              counts.unavailable += 1;
              await sleep(Math.max(0, Math.min(retryAfter * 1_000, left())));
            } else {
              counts.failed += 1;
              firstFailure ??= `${wanted.path} answered ${status}: ${text.slice(0, 200)}`;
            }
          } catch (error) {
            counts[error instanceof errors.HeadersTimeoutError ? 'givenUp' : 'dropped'] += 1;
          }
        }
      } finally {
        await client.destroy();
      }
    }),
  );
  await watch;

  return {
    connections,
    seconds,
    answered: answers.length,
    ...counts,
    firstFailure,
    ...stretchesOf(answers, seconds),
    memory: { early, late: memoryMiB() },
  };
}

/** An answer after the time counts as an answer, but not in the rates. */
export function stretchesOf(
  answers: readonly Answer[],
  seconds: number,
): Pick<Held, 'perSecond' | 'early' | 'late'> {
  const end = seconds * 1_000;
  const stretch = end / STRETCHES;
  return {
    perSecond: answers.filter(({ at }) => at < end).length / seconds,
    early: timesOf(answers, stretch, 2 * stretch),
    late: timesOf(answers, end - stretch, end),
  };
}

async function send(client: Client, { method = 'GET', path, headers = {}, body }: Ask) {
  const answer = await client.request({
    method,
    path,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body }),
  });
  const after = answer.headers['retry-after'];
  return {
    status: answer.statusCode,
    retryAfter: typeof after === 'string' ? Number(after) : null,
    text: await answer.body.text(),
  };
}

function timesOf(answers: readonly Answer[], from: number, to: number): Times {
  const sorted = answers
    .filter(({ at }) => at >= from && at < to)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  const part = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { answers: sorted.length, p50: part(0.5), p99: part(0.99) };
}
