import { describe, expect, it } from 'vitest';
import { rankTest } from '../../bench/lib/ranks.ts';

const row = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('the rank test of the benchmark', () => {
  // By hand: every pair counted, the tail by erfc.
  it.each([
    ['twenty that lie ten lower', row(1, 20), row(11, 30), 0.125, 4.959_798e-5],
    ['forty that lie half a step lower', row(1, 40), row(1, 40).map((x) => x + 0.5), 0.4875, 0.847_39],
    [
      'what has ties and two lengths',
      row(0, 49).map((x) => (x * x) % 101),
      row(0, 59).map((x) => (x * 7) % 103),
      0.487_833,
      0.826_565,
    ],
    ['the same twice', row(1, 30), row(1, 30), 0.5, 1],
  ])('of %s', (_, first, second, longer, p) => {
    expect(rankTest(first, second).longer).toBeCloseTo(longer, 6);
    expect(rankTest(first, second).p / p).toBeCloseTo(1, 2);
    // Seen from the other side.
    expect(rankTest(second, first).longer).toBeCloseTo(1 - longer, 5);
    expect(rankTest(second, first).p).toBeCloseTo(rankTest(first, second).p, 9);
  });

  it('proves nothing with few samples', () => {
    expect(() => rankTest(row(1, 19), row(1, 30))).toThrow(TypeError);
  });
});
