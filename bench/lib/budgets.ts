/** The budgets, and whether the measurements meet them. The median counts. */
import { month } from '../cost.ts';
import type { BundleFigures } from '../measure/bundle.ts';
import type { Compared } from '../measure/durations.ts';
import type { Growth } from '../measure/growth.ts';
import type { Guards } from '../measure/guards.ts';
import type { LoadHeld } from '../measure/held.ts';
import type { Peers } from '../measure/peers.ts';
import type { Stores } from '../measure/stores.ts';
import { DJANGO_CPU_MS, type WorkerCpu } from '../measure/worker-cpu.ts';
import type { Times } from './hold.ts';
import type { Summary } from './stats.ts';

export interface Measured {
  bundle?: BundleFigures;
  worker?: WorkerCpu;
  stores?: Stores;
  durations?: Compared[];
  guards?: Guards;
  peers?: Peers;
  held?: LoadHeld;
  growth?: Growth;
}

export interface Budget {
  what: string;
  against: string;
  /** As the report shows it. */
  wanted: string;
  got: string;
  met: boolean;
}

const KIB = 1_024;
const CRON_RUNS_A_DAY = 288;

const digits = (value: number) => (value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
export const number = (value: number) =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits(Math.abs(value)) });
/** `0.91 (0.88–0.93)`. */
export const spread = ({ median, min, max }: Summary) => `${number(median)} (${number(min)}–${number(max)})`;

const atLeast = (what: string, against: string, least: number, got: Summary, unit = ''): Budget => ({
  what,
  against,
  wanted: `≥ ${number(least)}${unit}`,
  got: spread(got) + unit,
  met: got.median >= least,
});
const atMost = (
  what: string,
  against: string,
  most: number,
  got: Summary | number,
  unit: string,
): Budget => ({
  what,
  against,
  wanted: `≤ ${number(most)}${unit}`,
  got: (typeof got === 'number' ? number(got) : spread(got)) + unit,
  met: (typeof got === 'number' ? got : got.median) <= most,
});

/**
 * Distinguishable: a difference that chance produces once in a thousand comparisons, and that shows in one of five pairs. On
 * a loopback without hashing even a hundredth of a millisecond is significant, but through a network nobody can see it.
 */
const CHANCE = 0.001;
const SEEN = 0.1;
const toldApart = ({ p, longer }: Compared) => p < CHANCE && Math.abs(longer - 0.5) > SEEN;

/** The control is a case that must be distinguishable. */
function sameDuration(compared: Compared): Budget {
  const { endpoint, names, p, longer, control } = compared;
  return {
    what: `duration of ${endpoint}`,
    against: names.join(' and '),
    wanted: control ? 'told apart' : 'not told apart',
    got: `${number(longer * 100)} % longer, p ${p < 1e-6 ? '< 1e-6' : `= ${p.toPrecision(2)}`}`,
    met: control === toldApart(compared),
  };
}

const isClient = (name: string) => name === 'client.js';
const gzipKib = ({ scripts }: BundleFigures, wanted: (name: string) => boolean) =>
  scripts.filter(({ name }) => wanted(name)).reduce((sum, { gzipBytes }) => sum + gzipBytes, 0) / KIB;

export function budgets(measured: Measured): Budget[] {
  const { bundle, worker, stores, durations, guards, peers, held, growth } = measured;
  return [
    ...(growth ? counted(growth) : []),
    ...(bundle
      ? [
          atMost('the bundle', 'gzip', 240, bundle.worker.gzipBytes / KIB, ' KiB'),
          atMost('the guard alone', 'gzip', 16, bundle.guard.gzipBytes / KIB, ' KiB'),
          atMost('the browser client', 'gzip', 4, gzipKib(bundle, isClient), ' KiB'),
          atMost(
            'scripts of all pages',
            'gzip',
            12,
            gzipKib(bundle, (name) => !isClient(name)),
            ' KiB',
          ),
          atMost('module start-up', 'CPU', 30, bundle.startUpMs, ' ms'),
        ]
      : []),
    ...(worker
      ? [
          atLeast('log-in', 'rate of its bare PBKDF2 calls', 0.9, worker.login.rate),
          atLeast('a guarded route', 'rate of the same route unguarded', 0.6, worker.guarded.rate),
          ...(['verify', 'guarded', 'me', 'refresh'] as const).map((endpoint) =>
            atMost(
              `${endpoint}, CPU`,
              'a sixth of Django’s',
              DJANGO_CPU_MS[endpoint] / 6,
              worker.endpoints[endpoint].cpuMs,
              ' ms',
            ),
          ),
          atMost('log-in, CPU', 'half of Django’s', DJANGO_CPU_MS.login / 2, worker.login.ours.cpuMs, ' ms'),
        ]
      : []),
    ...(stores
      ? [
          atLeast('me', 'rate of its bare calls', 0.85, stores.me.rate),
          atLeast('refresh', 'rate of its bare calls', 0.85, stores.refresh.rate),
          atLeast('log-in’s D1 part', 'rate of its bare calls', 0.85, stores.login.rate),
        ]
      : []),
    ...(durations ?? []).map(sameDuration),
    ...(guards
      ? [atLeast('a guarded route, session seen', 'rate of the same route unguarded', 0.9, guards.seen.rate)]
      : []),
    ...(peers
      ? [
          atLeast('me', 'rate of better-auth’s session', 2, peers.endpoints.me.rate),
          atLeast('refresh', 'rate of better-auth’s token', 2, peers.endpoints.refresh.rate),
          atLeast('log-out', 'rate of better-auth’s sign-out', 2, peers.endpoints.logout.rate),
          atLeast('first log-in after an import', 'rate of better-auth’s sign-in', 1, peers.imported.rate),
          atLeast('sign-in with a passkey', 'rate of better-auth’s plugin', 1.5, peers.passkeys.signIn.rate),
          atMost(
            'memory at rest',
            'better-auth',
            peers.memory.theirs.atRest.median,
            peers.memory.ours.atRest,
            ' MiB',
          ),
          atMost(
            'memory under load',
            'better-auth',
            peers.memory.theirs.underLoad.median,
            peers.memory.ours.underLoad,
            ' MiB',
          ),
          atMost(
            'first answer',
            'better-auth',
            peers.memory.theirs.firstAnswerMs.median,
            peers.memory.ours.firstAnswerMs,
            ' ms',
          ),
        ]
      : []),
    ...(held ? loadHeld(held) : []),
    atMost(
      'a month with 100,000 users',
      'without KV reads',
      40,
      month(100_000, 'none').dollars.withoutKv,
      ' $',
    ),
    atMost('a month with 100,000 users', '`fast` guards', 45, month(100_000, 'fast').dollars.total, ' $'),
  ];
}

/** The end of a minute as a fraction of its beginning: a larger change is not noise. */
const MEMORY_GROWS = 1.25;
const SLOWER = 1.5;

/** A period without any answer counts as infinitely slow. */
const slower = (what: 'p50' | 'p99', early: Times, late: Times) =>
  early.answers === 0 || late.answers === 0 ? Number.POSITIVE_INFINITY : late[what] / early[what];

function loadHeld({ ours }: LoadHeld): Budget[] {
  const perSecond = (connections: number) => ours.find((held) => held.connections === connections)?.perSecond;
  const [some, many] = [perSecond(64), perSecond(1_000)];
  return [
    ...ours.flatMap(({ connections, seconds, dropped, failed, early, late, memory }) => {
      const what = `${number(connections)} connections for ${seconds} s`;
      return [
        atMost(what, 'connections closed without an answer', 0, dropped, ''),
        atMost(what, 'failed responses, except 503 with Retry-After', 0, failed, ''),
        atMost(
          what,
          'p50 at the end, compared with after the warm-up',
          SLOWER,
          slower('p50', early, late),
          '',
        ),
        atMost(
          what,
          'p99 at the end, compared with after the warm-up',
          SLOWER,
          slower('p99', early, late),
          '',
        ),
        atMost(
          what,
          'memory at the end, compared with after the warm-up',
          MEMORY_GROWS,
          memory.late / memory.early,
          '',
        ),
      ];
    }),
    ...(some !== undefined && many !== undefined
      ? [
          atLeast('1,000 connections', 'rate of 64', 0.8, {
            median: many / some,
            min: many / some,
            max: many / some,
          }),
        ]
      : []),
  ];
}

function counted({ sizes, sweeps }: Growth): Budget[] {
  const [few] = sizes;
  const many = sizes.at(-1);
  if (!few || !many) return [];
  const counts = (endpoint: keyof typeof many.endpoints) => many.endpoints[endpoint].counts;
  const same = sizes.every((size) =>
    Object.entries(size.endpoints).every(
      ([endpoint, { counts }]) =>
        JSON.stringify(counts) ===
        JSON.stringify(few.endpoints[endpoint as keyof typeof few.endpoints].counts),
    ),
  );
  const rows = sweeps.revokedTokens.rows;
  return [
    {
      what: 'rows and calls of every endpoint',
      against: `${sizes.map((size) => number(size.users)).join(' and ')} users, sessions, revoked tokens`,
      wanted: 'the same',
      got: same ? 'the same' : 'not the same',
      met: same,
    },
    atMost('refresh', 'rows read', 10, counts('refresh').rowsRead, ''),
    atMost('refresh', 'rows written', 1, counts('refresh').rowsWritten, ''),
    atMost('log-in', 'rows written', 2, counts('login').rowsWritten, ''),
    atMost('sign-up', 'rows written', 4, counts('signUp').rowsWritten, ''),
    atMost(
      `sweep of ${number(rows)} rows`,
      'rows written a row',
      1.01,
      Math.max(
        sweeps.revokedTokens.rowsWritten / sweeps.revokedTokens.rows,
        sweeps.sessions.rowsWritten / sweeps.sessions.rows,
      ),
      '',
    ),
    atMost(
      `sweep of ${number(rows)} rows`,
      'runs of the cron job a day',
      CRON_RUNS_A_DAY,
      Math.max(sweeps.revokedTokens.runs, sweeps.sessions.runs),
      '',
    ),
    atMost(
      `sweep of ${number(rows)} rows`,
      'longest statement',
      30,
      Math.max(sweeps.revokedTokens.longestMs, sweeps.sessions.longestMs) / 1_000,
      ' s',
    ),
  ];
}
