/**
 * What the scripts need of a D1, be it on this machine or Cloudflare's: statements as text, one at a time in
 * their order. Both adapters are handed the same text, so the local tests prove what the remote one sends.
 */
import { ScriptFault } from './fault.ts';

export interface D1Writer {
  /** The rows of one SELECT of at most `readMaxBytes`. */
  read: <Row>(sql: string) => Promise<Row[]>;
  /** All of the statements or none of them. */
  write: (statements: readonly string[]) => Promise<void>;
  readonly readMaxBytes: number;
  close: () => Promise<void>;
}

/** Throws where the tables are not there. */
export async function requireTables(writer: D1Writer, remedy: string): Promise<void> {
  const found = await writer.read("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'users'");
  if (found.length === 0) {
    throw new ScriptFault(`The database has no table "users". Apply the migrations first: ${remedy}`);
  }
}
