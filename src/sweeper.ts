/** The store of the sweep. */

export type Walk = 'sessions' | 'one_time_tokens';

/** A primary key; null at the end of the walk. */
type WalkPosition = readonly string[] | null;

export interface Sweeper {
  /** Deletes at most `limit` rows of the blacklist that expired before `before`. Returns how many. */
  revokedTokens: (before: number, limit: number) => Promise<number>;
  /** The stored position of a walk; null if it has never begun. */
  progress: (walk: Walk) => Promise<{ cursor: WalkPosition; startedAt: number } | null>;
  /** Processes one page after `from` ([] for the first): deletes rows that expired before `before`, stores the position. */
  page: (
    walk: Walk,
    from: readonly string[],
    before: number,
    limit: number,
    startedAt: number,
  ) => Promise<{ deleted: number; cursor: WalkPosition }>;
}
