/** How much is measured. `--quick` shows that everything runs; its figures are worth little. */
export interface Size {
  name: 'full' | 'quick';
  rounds: number;
  /** Of a round, of what takes a fraction of a millisecond. */
  quickRequests: number;
  /** Of a round, of what hashes a password. */
  logIns: number;
  /** Of a round, of what asks D1. */
  storeRequests: number;
  /** Users, sessions and revoked tokens. */
  growth: readonly number[];
  growthRequests: number;
  /** Starts of each contender. */
  starts: number;
  /** Answers of each kind whose ranks are compared. */
  durations: number;
  /** Likewise, of what hashes a password. */
  slowDurations: number;
  /** Connections at once, and how long each number of them is held. */
  held: { connections: readonly number[]; seconds: number; warmUpSeconds: number };
}

export const FULL: Size = {
  name: 'full',
  rounds: 5,
  quickRequests: 6_000,
  logIns: 16,
  storeRequests: 1_000,
  growth: [1_000, 100_000, 1_000_000],
  growthRequests: 60,
  starts: 9,
  durations: 1_000,
  slowDurations: 200,
  held: { connections: [16, 64, 256, 1_000], seconds: 60, warmUpSeconds: 30 },
};

export const QUICK: Size = {
  name: 'quick',
  rounds: 2,
  quickRequests: 1_000,
  logIns: 2,
  storeRequests: 60,
  growth: [1_000, 20_000],
  growthRequests: 10,
  starts: 2,
  durations: 100,
  slowDurations: 20,
  held: { connections: [16, 64, 256, 1_000], seconds: 3, warmUpSeconds: 3 },
};
