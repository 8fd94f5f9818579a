/** A whole import in memory: a file or records, with the options of the command, into SQLite. */
import { readFileSync } from 'node:fs';
import { parseProviders } from '../../../scripts/import/connections.ts';
import { type FieldMap, parseMap } from '../../../scripts/import/fields.ts';
import type { Findings } from '../../../scripts/import/findings.ts';
import { importUsers } from '../../../scripts/import/index.ts';
import { readRecords } from '../../../scripts/import/records.ts';
import type { Keep } from '../../../scripts/import/settle.ts';
import { sourceOf } from '../../../scripts/import/sources/index.ts';

import { summary } from '../../../scripts/import/summary.ts';
import type { Counts } from '../../../scripts/import/tally.ts';
import { readText } from '../../../scripts/import/text.ts';
import type { Outcome } from '../../../scripts/import/write.ts';
import { memoryD1 } from './database.ts';

export const IMPORTED_AT = 1_790_000_000;

export interface Options {
  from?: string;
  model?: string;
  map?: string;
  providers?: string[];
  keep?: Keep;
  strict?: boolean;
  keepUnverifiedStaff?: boolean;
  dryRun?: boolean;
  batchSize?: number;
  database?: ReturnType<typeof memoryD1>;
  signal?: AbortSignal;
  after?: (counts: Readonly<Counts>) => void;
}

export interface Imported {
  counts: Counts;
  findings: Findings;
  outcomes: Outcome[];
  /** The ids of every batch, as the report has them. */
  batches: (readonly string[])[];
  said: string;
  /** `pk: reason` of each who was refused. */
  refused: string[];
  /** `pk: field (reason)` of each field that somebody came without. */
  leftOut: string[];
  database: ReturnType<typeof memoryD1>;
}

export const importFile = (file: string, options: Options = {}): Promise<Imported> =>
  importBytes(readFileSync(file), { file, ...options });

export const importRecords = (records: readonly unknown[], options: Options = {}): Promise<Imported> =>
  importBytes(Buffer.from(JSON.stringify(records)), options);

export async function importBytes(
  bytes: Uint8Array,
  { file = 'users.json', ...options }: Options & { file?: string },
): Promise<Imported> {
  const {
    database = memoryD1(),
    keep = 'last-login',
    strict = false,
    keepUnverifiedStaff = false,
    dryRun = false,
    batchSize = 100,
  } = options;
  const source = sourceOf(options.from, file, options.model);
  if (source === undefined) throw new TypeError(`no source ${options.from}`);
  const map: FieldMap = options.map === undefined ? {} : parseMap(options.map);
  const outcomes: Outcome[] = [];
  const batches: (readonly string[])[] = [];
  const { counts, findings } = await importUsers(
    database.writer,
    readRecords(readText(chunks(bytes)), source),
    {
      source,
      map,
      providers: parseProviders(options.providers ?? []),
      keep,
      strict,
      keepUnverifiedStaff,
      dryRun,
      batchSize,
      now: IMPORTED_AT,
    },
    {
      reading: () => {},
      writing: () => {},
      before: (ids) => void batches.push(ids),
      after: (some, counts) => {
        outcomes.push(...some);
        options.after?.(counts);
      },
    },
    options.signal,
  );
  return {
    counts,
    findings,
    outcomes,
    batches,
    database,
    said: summary(counts, findings, []).join('\n'),
    refused: outcomes.flatMap((one) =>
      one.outcome === 'refused' ? [`${one.known.pk}: ${one.refusal.reason}`] : [],
    ),
    leftOut: outcomes.flatMap((one) =>
      one.outcome === 'imported'
        ? one.person.leftOut.map(({ field, reason }) => `${one.known.pk}: ${field} (${reason})`)
        : [],
    ),
  };
}

async function* chunks(bytes: Uint8Array, size = 1_000) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
