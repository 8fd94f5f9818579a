/**
 * `--undo REPORT`: deletes the users whom an import created, except those who have signed in, set a password or confirmed
 * an address since. Can be run again.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { D1Writer } from '../lib/d1-writer.ts';
import { ScriptFault } from '../lib/fault.ts';
import { deleteUnused, selectPresent, selectUnused } from '../lib/users-sql.ts';
import type { Header } from './report.ts';

export interface Undone {
  deleted: number;
  /** Used since the import, so kept. */
  used: number;
  /** Deleted before. */
  gone: number;
}

export interface Undoing {
  /** See databaseName; a report about another database is refused. */
  database: string;
  dryRun: boolean;
  progress: (undone: Readonly<Undone>) => void;
  signal?: AbortSignal;
}

export async function undo(writer: D1Writer, report: string, undoing: Undoing): Promise<Undone> {
  const undone: Undone = { deleted: 0, used: 0, gone: 0 };
  let header: Header | undefined;
  const lines = createInterface({ input: createReadStream(report), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const text of lines) {
    const line = parse(text);
    if (header === undefined) {
      header = headerOf(line, undoing.database);
    } else if (Array.isArray(line?.ids)) {
      await undoBatch(writer, line.ids.map(String), header.at, undoing.dryRun, undone);
      undoing.progress(undone);
      if (undoing.signal?.aborted) break;
    }
  }
  if (header === undefined) throw notAReport();
  return undone;
}

async function undoBatch(
  writer: D1Writer,
  ids: readonly string[],
  importedAt: number,
  dryRun: boolean,
  undone: Undone,
): Promise<void> {
  const idsOf = async (queries: readonly string[]) => {
    const found = new Set<string>();
    for (const query of queries) for (const { id } of await writer.read<{ id: string }>(query)) found.add(id);
    return found;
  };
  const before = await idsOf(selectPresent(ids, writer.readMaxBytes));
  const unused = await idsOf(selectUnused(ids, importedAt, writer.readMaxBytes));
  let left = before.size - unused.size;
  if (!dryRun && unused.size > 0) {
    await writer.write(deleteUnused([...unused], importedAt, writer.readMaxBytes));
    left = (await idsOf(selectPresent(ids, writer.readMaxBytes))).size;
  }
  undone.gone += new Set(ids).size - before.size;
  undone.used += left;
  undone.deleted += before.size - left;
}

function headerOf(line: Record<string, unknown> | null, database: string): Header {
  const header = line?.import as Header | undefined;
  if (typeof header?.at !== 'number') throw notAReport();
  if (header.database !== database) {
    throw new ScriptFault(`The report is about an import into ${header.database}, not into ${database}.`);
  }
  return header;
}

const notAReport = () => new ScriptFault('The file is not the report of an import.');

/** null for a line that was cut off when the import was killed. */
function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
