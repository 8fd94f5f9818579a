/** bench/RESULTS.md. */
import { CLOUDFLARE, ENDPOINTS, HABITS, month, PEOPLE, SERVICES, servicePrice } from '../cost.ts';
import { DJANGO_CPU_MS } from '../measure/worker-cpu.ts';
import { DAY } from '../replayed-day.ts';
import { type Budget, type Measured, number, spread } from './budgets.ts';
import type { Figure, Pair } from './figures.ts';
import type { Held, Times } from './hold.ts';
import type { Machine } from './machine.ts';
import type { Size } from './size.ts';

type Row = readonly (string | number)[];

const table = (head: Row, rows: readonly Row[]) =>
  [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => (typeof cell === 'number' ? number(cell) : cell)).join(' | ')} |`)
    .join('\n');
const section = (title: string, ...parts: string[]) => [`## ${title}`, ...parts].join('\n\n');
const kib = (bytes: number) => `${number(bytes / 1_024)} KiB`;
const mib = (bytes: number) => `${number(bytes / 2 ** 20)} MiB`;
const dollars = (amount: number) => `$${amount.toLocaleString('en-US', { maximumFractionDigits: 0 })}`;

export function report(
  measured: Measured,
  kept: readonly Budget[],
  about: { machine: Machine; size: Size; seconds: number; notes: readonly string[] },
): string {
  const { machine, size, seconds, notes } = about;
  const met = kept.filter((budget) => budget.met).length;
  return `${[
    '# What was measured',
    `Written by \`npm run bench\`${size.name === 'full' ? '' : ' -- --quick, whose figures are worth little'}; not to be edited.`,
    [
      `${machine.date} · ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system} · commit ${machine.commit}`,
      Object.entries(machine.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(' · '),
      `${size.rounds} rounds, ${Math.round(seconds / 60)} minutes; load of the machine before it began: ${number(machine.loadBefore)}`,
    ].join('  \n'),
    'Every figure is the median of the rounds, with the lowest and the highest in brackets; a ratio is taken within its round, of two that ran in turn.',
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
    section(
      `Budgets: ${met} of ${kept.length} met`,
      table(
        ['what', 'against', 'wanted', 'measured', 'met'],
        kept.map(({ what, against, wanted, got, met }) => [
          what,
          against,
          wanted,
          got,
          met ? 'yes' : '**no**',
        ]),
      ),
    ),
    ...worker(measured),
    ...stores(measured),
    ...durations(measured),
    ...guards(measured),
    ...peers(measured),
    ...held(measured),
    ...growth(measured),
    ...bundle(measured),
    cost(),
    HELPED,
  ].join('\n\n')}\n`;
}

/** Not measured by this run: what was mended after one like it, and what one before and one after it said. */
const HELPED = section(
  'What made it faster',
  'By profiles of the Worker alone (V8’s, by the inspector of `workerd serve`), before and after on one machine. Milliseconds of CPU of one request.',
  table(
    ['', 'verify', 'me', 'refresh'],
    [
      ['before', '0.22', '0.29', '0.43'],
      [
        'Drizzle writes the statements of the frequent endpoints once per isolate, not once per request (docs/adr/0006)',
        '0.21',
        '0.16',
        '0.26',
      ],
      [
        'a token is decoded once, not by hono’s `verify` too; headers are set in place, where `c.header()` copied the answer nine times',
        '0.14',
        '0.10',
        '0.21',
      ],
      [
        'a body of a declared length is taken at once, not chunk by chunk; a refresh says replay and last use in one statement',
        '0.12',
        '0.10',
        '0.17',
      ],
    ],
  ),
  'Refresh and log-out run at more than nine tenths of their bare calls, made by hand without Hono and Drizzle: what is left is D1 and KV on miniflare. So twice better-auth is at the edge of what can be had there. Seven runs gave refresh 1.93 to 2.09. Log-out gave 2.0 to 2.15 in rounds of 300 requests and 1.4 to 1.8 in rounds of 1,000, where better-auth’s larger code gets warm; its one KV write, which tells the endpoints that do not read D1 and which better-auth does not have, is half of it (its bare calls: 804 a second, without that write 1,523).',
);

const pairRow = (name: string, { ours, theirs, rate }: Pair): Row => [
  name,
  spread(ours.perSecond),
  spread(theirs.perSecond),
  spread(rate),
  spread(ours.cpuMs),
  spread(theirs.cpuMs),
];
const pairHead = (ours: string, theirs: string): Row => [
  '',
  `${ours}, a second`,
  `${theirs}, a second`,
  'ratio',
  `${ours}, CPU ms`,
  `${theirs}, CPU ms`,
];

function worker({ worker }: Measured): string[] {
  if (!worker) return [];
  const row = (name: keyof typeof worker.endpoints, django?: number): Row => {
    const { perSecond, cpuMs }: Figure = worker.endpoints[name];
    const times = django === undefined ? '' : `${number(django / cpuMs.median)} ×`;
    return [name, spread(perSecond), spread(cpuMs), django ?? '', times];
  };
  return [
    section(
      'The Worker alone',
      'The deployed bundle in `workerd serve`, with a D1 and a KV that answer at once. CPU is of the whole process, user and system. Django’s was taken once, with simplejwt, gunicorn and PostgreSQL, on a machine like this.',
      table(
        ['endpoint', 'a second', 'CPU ms', 'Django’s CPU ms', 'less'],
        [
          row('healthz'),
          row('verify', DJANGO_CPU_MS.verify),
          row('me', DJANGO_CPU_MS.me),
          row('refresh', DJANGO_CPU_MS.refresh),
        ],
      ),
      'Log-in at 600,000 iterations, beside the bare PBKDF2 calls:',
      table(pairHead('log-in', 'PBKDF2'), [pairRow('log-in', worker.login)]),
      `Django’s CPU for a log-in of as many iterations: ${DJANGO_CPU_MS.login} ms.`,
      'A host’s own route, beside the same one unguarded. `usual`: Hono’s jwt middleware with the secret as text, and a look-up in D1.',
      table(pairHead('guarded', 'open'), [
        pairRow('fast (asks KV)', worker.guarded),
        pairRow('strict (asks D1)', worker.strict),
        pairRow('usual', worker.usual),
      ]),
    ),
  ];
}

function stores({ stores }: Measured): string[] {
  if (!stores) return [];
  return [
    section(
      'Beside the bare calls',
      'On one miniflare: an endpoint, and by hand just its statements, its KV calls and its signatures (and, for log-in, PBKDF2 of 1,000 iterations on both sides). Most of either is the local D1.',
      table(
        pairHead('ours', 'bare'),
        Object.entries(stores).map(([endpoint, pair]) => pairRow(endpoint, pair)),
      ),
    ),
  ];
}

function durations({ durations }: Measured): string[] {
  if (!durations) return [];
  return [
    section(
      'Who has an account',
      'Answers in an order of chance, one after the other on one miniflare; log-in as it is deployed, the rest with hashing at its floor. Compared by the rank test of Mann and Whitney: how often one of the first takes longer than one of the second, and the chance of so large a difference where there is none. Told apart is what chance makes less than once in a thousand comparisons and what is more than ten points away from as often as not. The last pair of each kind has to be: it shows what the test can see.',
      table(
        ['', 'first', 'second', 'first, ms', 'second, ms', 'first longer', 'p'],
        durations.map(({ endpoint, names, ms, longer, p }) => [
          endpoint,
          ...names,
          ...ms.map(spread),
          `${number(longer * 100)} %`,
          p < 1e-6 ? '< 1e-6' : p.toPrecision(2),
        ]),
      ),
    ),
  ];
}

function guards({ guards }: Measured): string[] {
  if (!guards) return [];
  return [
    section(
      'Guarded the usual way',
      'On one miniflare, with its D1 and KV: our guard beside Hono’s jwt middleware with the secret as text and a look-up of the blacklist in D1 on every request.',
      table(pairHead('ours', 'usual'), [pairRow('fast', guards.fast), pairRow('strict', guards.strict)]),
      'A session that the guard has seen within `REVOCATION_MEMORY`, beside the route unguarded:',
      table(pairHead('guarded', 'unguarded'), [pairRow('seen', guards.seen)]),
      `The route unguarded: ${spread(guards.open.perSecond)} a second.`,
    ),
  ];
}

const PEER_ENDPOINTS = {
  me: 'me / get-session',
  refresh: 'refresh / token',
  logout: 'log-out / sign-out',
  login: 'log-in / sign-in',
  signUp: 'sign-up / sign-up',
} as const;

function peers({ peers }: Measured): string[] {
  if (!peers) return [];
  const { ours, theirs } = peers.memory;
  return [
    section(
      `Beside better-auth ${peers.version}`,
      'On the same workerd and D1, 20,000 users and sessions each, limits off. Its `token` signs one JWT and consumes nothing; a refresh of ours signs two and rotates. It hashes by scrypt (N = 16,384, r = 16), we by 600,000 iterations of PBKDF2: log-in and sign-up are told, not judged.',
      table(
        pairHead('ours', 'better-auth'),
        Object.entries(PEER_ENDPOINTS).map(([endpoint, name]) =>
          pairRow(name, peers.endpoints[endpoint as keyof typeof PEER_ENDPOINTS]),
        ),
      ),
      table(
        ['', 'ours', 'better-auth'],
        [
          ['memory at rest, MiB', spread(ours.atRest), spread(theirs.atRest)],
          ['memory under load, MiB', spread(ours.underLoad), spread(theirs.underLoad)],
          ['first answer, ms', spread(ours.firstAnswerMs), spread(theirs.firstAnswerMs)],
        ],
      ),
      'Memory is what the workerd process has allocated, its D1 and KV with it; the first answer is counted from workerd’s start.',
    ),
  ];
}

function held({ held }: Measured): string[] {
  if (!held) return [];
  const ms = (what: 'p50' | 'p99', times: Times) => (times.answers === 0 ? 'none' : number(times[what]));
  const row = (name: string, one: Held): Row => [
    number(one.connections),
    name,
    one.perSecond,
    `${ms('p50', one.early)} → ${ms('p50', one.late)}`,
    `${ms('p99', one.early)} → ${ms('p99', one.late)}`,
    `${number(one.memory.early)} → ${number(one.memory.late)}`,
    one.unavailable,
    one.failed,
    one.dropped,
    one.givenUp,
  ];
  const failures = [...held.ours, ...held.theirs].flatMap(({ connections, firstFailure }) =>
    firstFailure === null ? [] : [`${number(connections)} connections: ${firstFailure}`],
  );
  return [
    section(
      'Load held',
      `So many connections at once, ${held.ours[0]?.seconds ?? 0} s each, asking again at each answer: ${HABITS.logIns} log-ins and ${HABITS.refreshes} refreshes to ${number(HABITS.guardedCalls)} \`me\`, as in the cost model. Arrows lead from what was seen right after the warm-up (a sixth of the time) to the end. A 503 comes with \`Retry-After\`; whatever else was not expected has failed; dropped is a connection that was closed without an answer, given up a request that had none for 30 s.`,
      table(
        [
          'connections',
          '',
          'answers/s',
          'p50, ms',
          'p99, ms',
          'memory, MiB',
          '503',
          'failed',
          'dropped',
          'given up',
        ],
        [
          ...held.ours.flatMap((ours, level) => {
            const theirs = held.theirs[level];
            return [row('ours', ours), ...(theirs ? [row('better-auth', theirs)] : [])];
          }),
          row('a Worker of one line', held.bare),
        ],
      ),
      'Past some hundred connections workerd on one machine serves some of them again and again while others wait: the Worker of one line, which asks nothing, shows it too. What is late there is late before it reaches this Worker.',
      ...failures,
    ),
  ];
}

function growth({ growth }: Measured): string[] {
  if (!growth) return [];
  const { sizes, sweeps } = growth;
  const many = sizes.at(-1);
  if (!many) return [];
  const endpoints = Object.keys(many.endpoints) as (keyof typeof many.endpoints)[];
  return [
    section(
      'Growth',
      'As many users as sessions as revoked tokens. Rows and calls are counted, and the same at every size (see the budgets); milliseconds are of one answer after the other.',
      table(
        [
          'endpoint',
          'D1 round trips',
          'rows read',
          'rows written',
          'KV reads',
          'KV writes',
          ...sizes.map((size) => `ms at ${number(size.users)}`),
        ],
        endpoints.map((endpoint) => {
          const { d1RoundTrips, rowsRead, rowsWritten, kvReads, kvWrites } = many.endpoints[endpoint].counts;
          return [
            endpoint === 'verify' ? 'verify (refresh token)' : endpoint,
            d1RoundTrips,
            rowsRead,
            rowsWritten,
            kvReads,
            kvWrites,
            ...sizes.map((size) => spread(size.endpoints[endpoint].ms)),
          ];
        }),
      ),
      table(
        ['', 'bytes in all', 'a user', 'a session', 'a revoked token', 'seconds to seed'],
        sizes.map(({ users, bytes, seedSeconds }) => [
          `${number(users)} of each`,
          mib(bytes.revokedTokens),
          Math.round((bytes.users - bytes.empty) / users),
          Math.round((bytes.sessions - bytes.users) / users),
          Math.round((bytes.revokedTokens - bytes.sessions) / users),
          seedSeconds,
        ]),
      ),
      'The sweep, over as many rows past their time as the largest has:',
      table(
        [
          '',
          'rows',
          'runs of the cron',
          'seconds in all',
          'longest statement, ms',
          'rows read',
          'rows written',
        ],
        Object.entries(sweeps).map(([name, sweep]) => [
          name === 'sessions' ? 'sessions' : 'revoked tokens',
          sweep.rows,
          sweep.runs,
          sweep.seconds,
          sweep.longestMs,
          sweep.rowsRead,
          sweep.rowsWritten,
        ]),
      ),
    ),
  ];
}

function bundle({ bundle }: Measured): string[] {
  if (!bundle) return [];
  const { worker, guard, scripts, startUpMs } = bundle;
  return [
    section(
      'The bundle',
      `${kib(worker.bytes)}, gzip ${kib(worker.gzipBytes)}; the guard alone ${kib(guard.bytes)}, gzip ${kib(guard.gzipBytes)}; what browsers load, gzip: ${scripts.map(({ name, gzipBytes }) => `\`${name}\` ${kib(gzipBytes)}`).join(', ')}. Start-up: ${spread(startUpMs)} ms of CPU. What it consists of, before gzip:`,
      table(
        ['from', 'bytes', 'part'],
        worker.parts.map(({ from, bytes }) => [from, bytes, `${number((bytes / worker.bytes) * 100)} %`]),
      ),
    ),
  ];
}

function cost(): string {
  const rows = PEOPLE.map((people) => {
    const [none, strict, fast] = [month(people, 'none'), month(people, 'strict'), month(people, 'fast')];
    return [
      people,
      dollars(none.dollars.withoutKv),
      dollars(none.dollars.total),
      dollars(strict.dollars.total),
      dollars(fast.dollars.total),
      ...SERVICES.map((service) => {
        const { dollars: price, listed } = servicePrice(service, people);
        return listed ? dollars(price) : `(${dollars(price)})`;
      }),
    ];
  });
  const some = month(100_000, 'fast');
  return section(
    'A month’s cost',
    `Reckoned by bench/cost.ts from the counted figures: ${HABITS.logIns} log-ins, ${HABITS.refreshes} refreshes and ${number(HABITS.guardedCalls)} guarded calls of each active person. The guarded calls are requests of the host’s own Worker, which it would have anyhow. The columns are what a guarded route asks beyond the token’s signature: nothing, D1 (\`strict\`) or KV (\`fast\`); a refresh asks KV in all of them but the first, where every KV check is set aside. With \`fast\` the guard remembers a session for \`REVOCATION_MEMORY\` (10 s): a day of pages of ${DAY.callsOfPage} calls within ${DAY.pageMs / 1_000} s, each in one of ${DAY.isolates} isolates, is replayed against its memory (bench/replayed-day.ts), and KV is asked ${number(ENDPOINTS.guarded.fast.kvReads * DAY.callsOfPage)} times for a page.`,
    table(
      [
        'active people',
        'KV set aside',
        'asks nothing',
        'strict',
        'fast',
        ...SERVICES.map((service) => service.name),
      ],
      rows,
    ),
    `Of 100,000 people with \`fast\`: plan ${dollars(some.dollars.base)}, requests ${dollars(some.dollars.requests)}, CPU ${dollars(some.dollars.cpu)}, D1 ${dollars(some.dollars.d1)}, logs ${dollars(some.dollars.logs)}, KV ${dollars(some.dollars.kv)}; ${number(some.rowsRead / 1e6)} million rows read, ${number(some.rowsWritten / 1e6)} million written, ${number(some.gigabytes)} GB.`,
    `List prices, to be looked up again before they are relied on; in brackets where the list ends before and its last step is taken on. Cloudflare: ${CLOUDFLARE.source}, ${CLOUDFLARE.read}. ${SERVICES.map(({ name, plan, source, read }) => `${name}: ${plan}; ${source}, ${read}.`).join(' ')} They do more than this does (social log-in, SSO, support).`,
  );
}
