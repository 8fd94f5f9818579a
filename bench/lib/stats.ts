/** Measures contenders in turn, and computes medians and spreads of figures and ratios. */

export interface Summary {
  median: number;
  min: number;
  max: number;
}

export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new TypeError('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (position: number) => sorted[position] as number;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** Ratios round by round, so that a slow minute of the machine cancels out. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Summary {
  return summarize(ours.map((value, round) => value / (theirs[round] as number)));
}

/**
 * Runs every contender `rounds` times; each round starts with another one, so that none is always first. The very first
 * round is a warm-up and is discarded.
 */
export async function inTurn<T, Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<T>>>,
  onRound: (round: number) => void = () => {},
): Promise<Record<Name, T[]>> {
  const names = Object.keys(contenders) as Name[];
  const kept = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, T[]>;
  for (let round = 0; round <= rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length] as Name;
      const result = await contenders[name]();
      if (round > 0) kept[name].push(result);
    }
    onRound(round);
  }
  return kept;
}
