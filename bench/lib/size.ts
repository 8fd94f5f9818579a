/** The size of each measurement. `--quick` only shows that everything runs; its figures mean little. */
export interface Size {
  name: 'full' | 'quick';
  rounds: number;
  /** Requests in a round, if one takes a fraction of a millisecond. */
  quickRequests: number;
  /** Requests in a round, if one hashes a password. */
  logIns: number;
  /** Requests in a round, if one calls D1. */
  storeRequests: number;
  /** Users, sessions and revoked tokens. */
  growth: readonly number[];
  growthRequests: number;
  /** Starts of each contender. */
  starts: number;
  /** Answers of each kind whose ranks are compared. */
  durations: number;
  /** The same, for those that hash a password. */
  slowDurations: number;
  /** The numbers of concurrent connections, and how long each is sustained. */
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
