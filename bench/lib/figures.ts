/** The rate of a round of load and the CPU of the process that answered, and comparisons of rounds. */
import { drive, type Script } from './load.ts';
import { cpuMs } from './process.ts';
import { ratios, type Summary, summarize } from './stats.ts';

export interface Round {
  perSecond: number;
  /** For each request: user and system time of the whole process. */
  cpuMs: number;
}

export interface Figure {
  perSecond: Summary;
  cpuMs: Summary;
}

/** Two contenders that ran in turn. */
export interface Pair {
  ours: Figure;
  theirs: Figure;
  /** Our rate divided by theirs: 1 is as fast. */
  rate: Summary;
  /** Our CPU divided by theirs: less is better. */
  cpu: Summary;
}

export async function loadRound(
  at: { origin: string; pid: number },
  how: { requests: number; connections: number },
  script: () => Script,
): Promise<Round> {
  const before = cpuMs(at.pid);
  const { perSecond } = await drive(at.origin, how, script);
  return { perSecond, cpuMs: (cpuMs(at.pid) - before) / how.requests };
}

const all = (rounds: readonly Round[], what: keyof Round) => rounds.map((round) => round[what]);

export const figure = (rounds: readonly Round[]): Figure => ({
  perSecond: summarize(all(rounds, 'perSecond')),
  cpuMs: summarize(all(rounds, 'cpuMs')),
});

export const pairOf = (ours: readonly Round[] = [], theirs: readonly Round[] = []): Pair => ({
  ours: figure(ours),
  theirs: figure(theirs),
  rate: ratios(all(ours, 'perSecond'), all(theirs, 'perSecond')),
  cpu: ratios(all(ours, 'cpuMs'), all(theirs, 'cpuMs')),
});
