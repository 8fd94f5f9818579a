/**
 * How often guards with `fast` read KV in a day: pages of ten calls, replayed against the guard's own memory
 * (src/guard/revocation-memory.ts) with a simulated clock. No I/O; the same figures at every run.
 */
import { rememberMisses } from '../src/guard/revocation-memory.ts';
import type { Blacklist } from '../src/ports.ts';

export interface Traffic {
  people: number;
  /** For each user, within the day. */
  visits: number;
  pagesOfVisit: number;
  callsOfPage: number;
  /** Between the first call of a page and its last. */
  pageMs: number;
  /** The minimum between two pages of a visit; the maximum is twice that. */
  readingMs: number;
  /** Over which the calls of a place are spread, each to any. */
  isolates: number;
  kvMs: number;
}

/** A page sends some calls at once, and the others while it renders. */
export const DAY: Traffic = {
  people: 1_000,
  visits: 1,
  pagesOfVisit: 3,
  callsOfPage: 10,
  pageMs: 2_000,
  readingMs: 20_000,
  isolates: 2,
  kvMs: 20,
};
const DAY_MS = 86_400_000;

interface Event {
  at: number;
  happen: () => void;
}

/** Counts the calls of a day and their reads of KV. */
export async function replay(
  memorySeconds: number,
  traffic: Traffic = DAY,
): Promise<{ calls: number; kvReads: number }> {
  const random = randomFrom(1);
  let now = 0;
  let kvReads = 0;
  const answers: Event[] = [];
  const blacklist: Blacklist = {
    find: () => {
      kvReads += 1;
      return new Promise<null>((answer) =>
        answers.push({ at: now + traffic.kvMs, happen: () => answer(null) }),
      );
    },
    add: async () => {},
  };
  const guards = Array.from({ length: traffic.isolates }, () =>
    rememberMisses(blacklist, {}, { seconds: memorySeconds, clock: () => now }),
  );
  const calls = callsOf(traffic, random).map(({ at, sessionId }) => ({
    at,
    happen: () => void guards[Math.floor(random() * guards.length)]?.find(sessionId, () => {}),
  }));
  for (const call of calls) {
    // KV answers in the order of the requests.
    while (answers[0] && answers[0].at <= call.at) {
      now = answers[0].at;
      answers.shift()?.happen();
      await settled();
    }
    now = call.at;
    call.happen();
  }
  return { calls: calls.length, kvReads };
}

function callsOf(traffic: Traffic, random: () => number): { at: number; sessionId: string }[] {
  const calls: { at: number; sessionId: string }[] = [];
  for (let person = 0; person < traffic.people; person += 1) {
    for (let visit = 0; visit < traffic.visits; visit += 1) {
      let at = random() * DAY_MS;
      for (let page = 0; page < traffic.pagesOfVisit; page += 1) {
        const sessionId = `${person}`;
        calls.push({ at, sessionId });
        for (let call = 1; call < traffic.callsOfPage; call += 1) {
          calls.push({ at: at + random() * traffic.pageMs, sessionId });
        }
        at += traffic.readingMs * (1 + random());
      }
    }
  }
  return calls.sort((a, b) => a.at - b.at);
}

/** Lets pending promises continue. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
