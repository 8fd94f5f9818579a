/** What the sweep needs of D1. */

export type Walk = 'sessions' | 'one_time_tokens';

/** Null: the walk is at its end. */
export type WalkPosition = readonly string[] | null;

export interface Sweeper {
  /** Deletes at most `limit` rows of the blacklist that expired before `before`; says how many. */
  revokedTokens: (before: number, limit: number) => Promise<number>;
  /** Where a walk stands: null where it never began. */
  progress: (walk: Walk) => Promise<{ cursor: WalkPosition; startedAt: number } | null>;
  /** One page from `from` on ([] = the beginning): deletes what expired before `before`, keeps the place. */
  page: (
    walk: Walk,
    from: readonly string[],
    before: number,
    limit: number,
    startedAt: number,
  ) => Promise<{ deleted: number; cursor: WalkPosition }>;
}
