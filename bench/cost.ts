/**
 * What a month costs, reckoned from the counted figures and from list prices: no measurement, no I/O. Prices are
 * those of the day they were read; look again before you rely on them.
 */

/** What one active person does in a month. */
export interface Habits {
  logIns: number;
  refreshes: number;
  guardedCalls: number;
}
export const HABITS: Habits = { logIns: 2, refreshes: 60, guardedCalls: 1_000 };

/** Of one call of an endpoint. */
export interface EndpointCost {
  rowsRead: number;
  rowsWritten: number;
  kvReads: number;
  cpuMs: number;
}

/** How a guarded route learns that a session has ended. */
export type Check = 'none' | 'strict' | 'fast';

/**
 * Counted (test/workers/cost.test.ts and growth.test.ts hold them) and, for CPU, rounded up from bench/RESULTS.md.
 * A refresh's row is swept a day later, which writes one more; one refresh in each hour of use moves the session's
 * last use, and here every one is taken to.
 */
export const ENDPOINTS: Record<'logIn' | 'refresh', EndpointCost> &
  Record<'guarded', Record<Check, EndpointCost>> = {
  logIn: { rowsRead: 10, rowsWritten: 2, kvReads: 0, cpuMs: 120 },
  refresh: { rowsRead: 8, rowsWritten: 2, kvReads: 1, cpuMs: 1 },
  guarded: {
    none: { rowsRead: 0, rowsWritten: 0, kvReads: 0, cpuMs: 0.25 },
    strict: { rowsRead: 2, rowsWritten: 0, kvReads: 0, cpuMs: 0.25 },
    // For a page of ten calls KV is asked some two times (bench/replayed-day.ts).
    fast: { rowsRead: 0, rowsWritten: 0, kvReads: 0.21, cpuMs: 0.25 },
  },
};
/** The blacklist's row of a refresh, and the session of a log-in, are deleted once. */
const SWEPT: Pick<EndpointCost, 'rowsRead' | 'rowsWritten'> = { rowsRead: 6, rowsWritten: 1 };
/** A user with a session, and the blacklist's rows of a day (bench/RESULTS.md). */
const BYTES = { user: 310, session: 280, revokedToken: 160 };

/** Cloudflare's list prices for Workers Paid, in dollars; what the $5 include is taken off once an account. */
export const CLOUDFLARE = {
  source: 'https://developers.cloudflare.com/workers/platform/pricing/',
  /** As they stand in a stored copy of the page. */
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
    /** Of the account's own endpoints: the host's logs are the host's matter. */
    logs: number;
    /** Those of refreshes, and of the guard where it asks KV. */
    kv: number;
    total: number;
    /** With the KV checks set aside. */
    withoutKv: number;
  };
}

/**
 * A month of so many active people. Guarded calls are requests of the host's own Worker, which it would have
 * anyhow; they are counted all the same.
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
        // A row of the blacklist stays for the day its token had left, and for the day's margin of the sweep.
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

/** A step of a price list: up to so many active people in all, each at so much. */
interface Step {
  upTo: number;
  each: number;
}

export interface Service {
  name: string;
  plan: string;
  source: string;
  /** When, and where it was not read at the source itself, how. */
  read: string;
  base: number;
  steps: readonly Step[];
  /** Above it the list has no price but «contact us»; what is reckoned goes on at the last one. */
  listedUpTo: number;
}

/** The cheapest plan of each that takes e-mail and password, no enterprise connection. In dollars a month. */
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

/** What is free of charge below, whatever the plan above it begins with. */
const FREE_UP_TO: Readonly<Record<string, number>> = { Auth0: 25_000, Clerk: 50_000, Supabase: 50_000 };

/** Dollars of a month at a service's list price; `listed` is false where the list ends before. */
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
