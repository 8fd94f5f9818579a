/**
 * npm run bench: measures every budget in one run, and writes bench/RESULTS.md and docs/img/bench-*.svg. Needs Linux, an idle
 * machine and some minutes. All its traffic is local, except for the first installation of the peers.
 *
 *     npm run bench -- --quick            only shows that everything runs; writes reports/bench.md
 *     npm run bench -- --only=worker,stores
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { betterAuth } from './lib/better-auth.ts';
import { budgets, type Measured, number } from './lib/budgets.ts';
import { deployed, root } from './lib/bundle.ts';
import { machine } from './lib/machine.ts';
import { bars } from './lib/pictures.ts';
import { report } from './lib/report.ts';
import { FULL, QUICK } from './lib/size.ts';
import { measureBundle } from './measure/bundle.ts';
import { measureDurations } from './measure/durations.ts';
import { measureGrowth } from './measure/growth.ts';
import { measureGuards } from './measure/guards.ts';
import { measureHeld } from './measure/held.ts';
import { measurePeers } from './measure/peers.ts';
import { measureStores } from './measure/stores.ts';
import { DJANGO_CPU_MS, measureWorkerCpu } from './measure/worker-cpu.ts';

const { values: given } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const size = given.quick ? QUICK : FULL;

// However this ends, no workerd is left behind: they are killed on `exit`.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code));
}

const started = performance.now();
const seconds = () => (performance.now() - started) / 1_000;
const at = machine();
const notes: string[] = [];
if (at.loadBefore > 0.3) {
  notes.push(
    `The machine was busy (load ${number(at.loadBefore)}): timings of this run are noise, counts are not.`,
  );
}
const measured: Measured = {};
const app = await deployed();

const parts = {
  bundle: async (say) => {
    measured.bundle = await measureBundle(app, size, say);
  },
  worker: async (say) => {
    measured.worker = await measureWorkerCpu(app, size, say);
  },
  stores: async (say) => {
    measured.stores = await measureStores(app, size, say);
  },
  durations: async (say) => {
    measured.durations = await measureDurations(app, size, say);
  },
  guards: async (say) => {
    measured.guards = await measureGuards(size, say);
  },
  peers: async (say) => {
    const peer = await betterAuth();
    if (typeof peer === 'string') notes.push(peer);
    else measured.peers = await measurePeers(app, peer, size, say);
  },
  held: async (say) => {
    const peer = await betterAuth();
    if (typeof peer === 'string') notes.push(peer);
    measured.held = await measureHeld(app, typeof peer === 'string' ? null : peer, size.held, say);
  },
  growth: async (say) => {
    measured.growth = await measureGrowth(app, size, say);
  },
} satisfies Record<string, (say: (text: string) => void) => Promise<void>>;

const wanted = given.only?.split(',') ?? Object.keys(parts);
for (const name of wanted) {
  if (!(name in parts))
    throw new Error(`no part is called ${name}; there are ${Object.keys(parts).join(', ')}`);
}
for (const [name, measure] of Object.entries(parts)) {
  if (!wanted.includes(name)) continue;
  try {
    await measure((text) => console.log(`${seconds().toFixed(0).padStart(4)} s  ${name}: ${text}`));
  } catch (error) {
    process.exitCode = 1;
    console.error(error);
    notes.push(`${name} could not be measured: ${(error as Error).message.split('\n')[0]}`);
  }
}

const kept = budgets(measured);
const text = report(measured, kept, { machine: at, size, seconds: seconds(), notes });
const whole = size === FULL && given.only === undefined;
const file = join(root, whole ? 'bench/RESULTS.md' : 'reports/bench.md');
write(file, text);
if (whole) writePictures();
for (const { what, against, wanted, got, met } of kept) {
  console.log(`${met ? 'met    ' : 'NOT MET'}  ${what}, ${against}: ${got} (${wanted})`);
}
console.log(`\n${file}, after ${seconds().toFixed(0)} s`);

function write(path: string, content: string) {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
}

function writePictures() {
  const { worker, peers, guards } = measured;
  if (worker) {
    const picture = bars(
      'CPU of one request, in milliseconds',
      'The Worker alone in workerd, beside Django + simplejwt with gunicorn and PostgreSQL. Less is better.',
      (['verify', 'guarded', 'me', 'refresh'] as const).map((endpoint) => ({
        name: endpoint === 'guarded' ? 'a guarded route' : endpoint,
        bars: [
          { name: 'hono-accounts', value: worker.endpoints[endpoint].cpuMs.median, ours: true },
          { name: 'Django', value: DJANGO_CPU_MS[endpoint], ours: false },
        ],
      })),
      (value) => value.toFixed(2),
    );
    write(join(root, 'docs/img/bench-cpu.svg'), picture);
  }
  if (peers && guards) {
    const beside = (
      name: string,
      {
        ours,
        theirs,
      }: { ours: { perSecond: { median: number } }; theirs: { perSecond: { median: number } } },
      other: string,
    ) => ({
      name,
      bars: [
        { name: 'hono-accounts', value: ours.perSecond.median, ours: true },
        { name: other, value: theirs.perSecond.median, ours: false },
      ],
    });
    const picture = bars(
      'Requests a second, on the same workerd and local D1',
      `better-auth ${peers.version}; usual: Hono’s jwt middleware and a look-up in D1. More is better.`,
      [
        beside('me', peers.endpoints.me, 'better-auth'),
        beside('refresh', peers.endpoints.refresh, 'better-auth'),
        beside('log-out', peers.endpoints.logout, 'better-auth'),
        beside('a guarded route', guards.fast, 'usual'),
      ],
      (value) => value.toFixed(0),
    );
    write(join(root, 'docs/img/bench-rate.svg'), picture);
  }
}
