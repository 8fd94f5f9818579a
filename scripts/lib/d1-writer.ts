/**
 * A local or remote D1 as the scripts use it: SQL text, one call at a time. Both adapters get the same SQL, so the tests
 * on a local D1 cover what the remote one runs.
 */
import { ScriptFault } from './fault.ts';

export interface D1Writer {
  /** Returns the rows of one SELECT, which may have at most `readMaxBytes`. */
  read: <Row>(sql: string) => Promise<Row[]>;
  /** Runs all statements or none of them. */
  write: (statements: readonly string[]) => Promise<void>;
  readonly readMaxBytes: number;
  close: () => Promise<void>;
}

/** Throws a ScriptFault if the migrations have not been applied. `remedy`: the command that applies them. */
export async function requireTables(writer: D1Writer, remedy: string): Promise<void> {
  const found = await writer.read("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'users'");
  if (found.length === 0) {
    throw new ScriptFault(`The database has no table "users". Apply the migrations first: ${remedy}`);
  }
}
