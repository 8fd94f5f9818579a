/**
 * The cost of a month, computed from counted figures and list prices: no measurement, no I/O. Prices may have changed since
 * the date given with them.
 */

/** What one active user does in a month. */
export interface Habits {
  logIns: number;
  refreshes: number;
  guardedCalls: number;
}
export const HABITS: Habits = { logIns: 2, refreshes: 60, guardedCalls: 1_000 };

/** The cost of one call of an endpoint. */
export interface EndpointCost {
  rowsRead: number;
  rowsWritten: number;
  kvReads: number;
  cpuMs: number;
}

/** How a guarded route finds out that a session has ended. */
export type Check = 'none' | 'strict' | 'fast';

/**
 * Counted figures (checked by test/workers/cost.test.ts and growth.test.ts); CPU is rounded up from bench/RESULTS.md. The row
 * of a refresh is swept a day later, which writes one more. One refresh an hour updates the session's last use; here every
 * one is assumed to.
 */
export const ENDPOINTS: Record<'logIn' | 'refresh', EndpointCost> &
  Record<'guarded', Record<Check, EndpointCost>> = {
  logIn: { rowsRead: 10, rowsWritten: 2, kvReads: 0, cpuMs: 120 },
  refresh: { rowsRead: 8, rowsWritten: 2, kvReads: 1, cpuMs: 1 },
  guarded: {
    none: { rowsRead: 0, rowsWritten: 0, kvReads: 0, cpuMs: 0.25 },
    strict: { rowsRead: 2, rowsWritten: 0, kvReads: 0, cpuMs: 0.25 },
    // A page of ten calls reads KV about twice (bench/replayed-day.ts).
    fast: { rowsRead: 0, rowsWritten: 0, kvReads: 0.21, cpuMs: 0.25 },
  },
};
/** The blacklist's row of a refresh, and the session of a log-in, are deleted once. */
const SWEPT: Pick<EndpointCost, 'rowsRead' | 'rowsWritten'> = { rowsRead: 6, rowsWritten: 1 };
/** A user with a session, and the blacklist's rows of a day (bench/RESULTS.md). */
const BYTES = { user: 310, session: 280, revokedToken: 160 };

/** Cloudflare's list prices for Workers Paid, in dollars; what the $5 include is subtracted once an account. */
export const CLOUDFLARE = {
  source: 'https://developers.cloudflare.com/workers/platform/pricing/',
  /** The source is a stored copy of the page. */
  read: '2026-11-23',
  base: 5,
  requests: { included: 10e6, perMillion: 0.3 },
  cpuMs: { included: 30e6, perMillion: 0.02 },
  rowsRead: { included: 25e9, perMillion: 0.001 },
  rowsWritten: { included: 50e6, perMillion: 1 },
  d1Gigabytes: { included: 5, each: 0.75 },
  kvReads: { included: 10e6, perMillion: 0.5 },
  /** Workers Logs, where [observability] is on, as in wrangler.toml. */
  logEvents: { included: 20e6, perMillion: 0.6 },
} as const;

export interface Month {
  people: number;
  check: Check;
  requests: number;
  rowsRead: number;
  rowsWritten: number;
  kvReads: number;
  cpuMs: number;
  gigabytes: number;
  logEvents: number;
  dollars: {
    base: number;
    requests: number;
    cpu: number;
    d1: number;
    /** For the endpoints of the service; the host's logs are not counted. */
    logs: number;
    /** For refreshes, and for the guard if it reads KV. */
    kv: number;
    total: number;
    /** Without the KV reads of guards. */
    withoutKv: number;
  };
}

/**
 * A month of that many active users. Guarded calls are requests of the host's own Worker, which it would have anyway; they
 * are counted all the same.
 */
export function month(people: number, check: Check, habits: Habits = HABITS): Month {
  const calls = {
    logIn: people * habits.logIns,
    refresh: people * habits.refreshes,
    guarded: people * habits.guardedCalls,
  };
  const guarded = ENDPOINTS.guarded[check];
  const sum = (of: (endpoint: EndpointCost) => number) =>
    calls.logIn * of(ENDPOINTS.logIn) + calls.refresh * of(ENDPOINTS.refresh) + calls.guarded * of(guarded);
  const rows = calls.logIn + calls.refresh;
  const used = {
    requests: calls.logIn + calls.refresh + calls.guarded,
    rowsRead: sum((endpoint) => endpoint.rowsRead) + rows * SWEPT.rowsRead,
    rowsWritten: sum((endpoint) => endpoint.rowsWritten) + rows * SWEPT.rowsWritten,
    kvReads: sum((endpoint) => endpoint.kvReads),
    cpuMs: sum((endpoint) => endpoint.cpuMs),
    // One a request, and a line of ours for a log-in.
    logEvents: calls.logIn * 2 + calls.refresh,
    gigabytes:
      (people * (BYTES.user + BYTES.session * habits.logIns) +
        // A row of the blacklist is kept for the day that its token was still valid and for the sweep's margin of a day.
        (people * habits.refreshes * 2 * BYTES.revokedToken) / 30) /
      1e9,
  };
  const price = ({ included, perMillion }: { included: number; perMillion: number }, amount: number) =>
    (Math.max(0, amount - included) / 1e6) * perMillion;
  const { d1Gigabytes } = CLOUDFLARE;
  const dollars = {
    base: CLOUDFLARE.base,
    requests: price(CLOUDFLARE.requests, used.requests),
    cpu: price(CLOUDFLARE.cpuMs, used.cpuMs),
    d1:
      price(CLOUDFLARE.rowsRead, used.rowsRead) +
      price(CLOUDFLARE.rowsWritten, used.rowsWritten) +
      Math.max(0, used.gigabytes - d1Gigabytes.included) * d1Gigabytes.each,
    logs: price(CLOUDFLARE.logEvents, used.logEvents),
    kv: price(CLOUDFLARE.kvReads, used.kvReads),
  };
  const withoutKv = dollars.base + dollars.requests + dollars.cpu + dollars.d1 + dollars.logs;
  return { people, check, ...used, dollars: { ...dollars, withoutKv, total: withoutKv + dollars.kv } };
}

/** A tier of a price list: up to a total number of active users, with a price for each. */
interface Step {
  upTo: number;
  each: number;
}

export interface Service {
  name: string;
  plan: string;
  source: string;
  /** When it was read and, if not at the source itself, where. */
  read: string;
  base: number;
  steps: readonly Step[];
  /** Above it the list only says “contact us”; the last price is used there. */
  listedUpTo: number;
}

/** The cheapest plan of each service with e-mail and password, without enterprise connections. Dollars a month. */
export const SERVICES: readonly Service[] = [
  {
    name: 'Auth0',
    plan: 'Free up to 25,000, then B2C Essentials ($35 for 500 people; the step of $0.07 each is reckoned from that)',
    source: 'https://auth0.com/pricing',
    read: '2026-09-20, by a third party’s transcript of the page',
    base: 0,
    steps: [{ upTo: Number.POSITIVE_INFINITY, each: 0.07 }],
    listedUpTo: 20_000,
  },
  {
    name: 'Clerk',
    plan: 'Free up to 50,000, then Pro ($25)',
    source: 'https://clerk.com/pricing',
    read: '2026-09-20, by a third party’s transcript of the page',
    base: 25,
    steps: [
      { upTo: 50_000, each: 0 },
      { upTo: 100_000, each: 0.02 },
      { upTo: 1_000_000, each: 0.018 },
      { upTo: 10_000_000, each: 0.015 },
      { upTo: Number.POSITIVE_INFINITY, each: 0.012 },
    ],
    listedUpTo: Number.POSITIVE_INFINITY,
  },
  {
    name: 'Cognito',
    plan: 'Lite',
    source: 'https://aws.amazon.com/cognito/pricing/',
    read: '2026-09-20, by a third party’s transcript of the page; the two highest steps from memory',
    base: 0,
    steps: [
      { upTo: 10_000, each: 0 },
      { upTo: 100_000, each: 0.0055 },
      { upTo: 1_000_000, each: 0.0046 },
      { upTo: 10_000_000, each: 0.00325 },
      { upTo: Number.POSITIVE_INFINITY, each: 0.0025 },
    ],
    listedUpTo: Number.POSITIVE_INFINITY,
  },
  {
    name: 'Supabase',
    plan: 'Pro ($25, a database with it)',
    source: 'https://supabase.com/docs/guides/platform/manage-your-usage/monthly-active-users',
    read: '2026, by a stored copy of the page',
    base: 25,
    steps: [
      { upTo: 100_000, each: 0 },
      { upTo: Number.POSITIVE_INFINITY, each: 0.00325 },
    ],
    listedUpTo: Number.POSITIVE_INFINITY,
  },
];

/** The number of users that are free. */
const FREE_UP_TO: Readonly<Record<string, number>> = { Auth0: 25_000, Clerk: 50_000, Supabase: 50_000 };

/** Dollars a month at a service's list price; `listed` is false if the list ends before. */
export function servicePrice(service: Service, people: number): { dollars: number; listed: boolean } {
  if (people <= (FREE_UP_TO[service.name] ?? 0)) return { dollars: 0, listed: true };
  let dollars = service.base;
  let from = 0;
  for (const { upTo, each } of service.steps) {
    dollars += Math.max(0, Math.min(people, upTo) - from) * each;
    from = upTo;
    if (people <= upTo) break;
  }
  return { dollars, listed: people <= service.listedUpTo };
}

export const PEOPLE = [10_000, 100_000, 1_000_000, 10_000_000] as const;
