/** The rank test of Mann and Whitney: whether two sets of durations differ. */

export interface Ranked {
  /** How often one of the first takes longer than one of the second; 0.5 means no difference. */
  longer: number;
  /** The chance of a difference like this, or a larger one, if there is none. Two-sided, by the normal approximation. */
  p: number;
}

/** Durations are many and hardly ever equal, so ties share their rank and are not corrected for. */
export function rankTest(first: readonly number[], second: readonly number[]): Ranked {
  if (first.length < 20 || second.length < 20) throw new TypeError('too few for the approximation');
  const sorted = [...second].sort((a, b) => a - b);
  let wins = 0;
  for (const value of first) {
    const [below, upTo] = [countBelow(sorted, value, false), countBelow(sorted, value, true)];
    wins += below + (upTo - below) / 2;
  }
  const pairs = first.length * second.length;
  const deviation = Math.sqrt((pairs * (first.length + second.length + 1)) / 12);
  return { longer: wins / pairs, p: Math.min(1, 2 * normalTail(Math.abs(wins - pairs / 2) / deviation)) };
}

function countBelow(sorted: readonly number[], value: number, equal: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = sorted[middle] as number;
    if (at < value || (equal && at === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Above `z`: Abramowitz and Stegun 26.2.17, to 7.5e-8. */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
