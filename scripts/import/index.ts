/** Runs an import: reads the whole file, decides what each user keeps, then writes batch by batch. */
import type { D1Writer } from '../lib/d1-writer.ts';
import type { ProviderMap } from './connections.ts';
import type { FieldMap } from './fields.ts';
import type { Findings } from './findings.ts';
import { readFile } from './read.ts';
import type { Entry } from './records.ts';
import type { Source } from './sources/source.ts';
import { openStaging, type Rules } from './staging.ts';
import { type Counts, count, countsOf } from './tally.ts';
import { type Outcome, writeUsers } from './write.ts';

export interface Import extends Rules {
  source: Source;
  map: FieldMap;
  providers: ProviderMap;
  batchSize: number;
  dryRun: boolean;
  /** Epoch seconds. */
  now: number;
}

export interface Hooks {
  reading: (records: number) => void;
  /** Called when everything is read and nothing is written yet. */
  writing: (findings: Findings, persons: number) => void;
  before: (ids: readonly string[]) => void;
  after: (outcomes: readonly Outcome[], counts: Readonly<Counts>) => void;
}

/** The database is waited for once the file is read. */
export async function importUsers(
  writer: D1Writer | Promise<D1Writer>,
  entries: AsyncIterable<Entry>,
  { source, map, providers, strict, keep, ...writing }: Import,
  hooks: Hooks,
  signal?: AbortSignal,
): Promise<{ counts: Counts; findings: Findings }> {
  const staging = openStaging({ keep, strict, keepUnverifiedStaff: writing.keepUnverifiedStaff });
  const stop = signal && { signal };
  try {
    const findings = await readFile(entries, staging, {
      source,
      map,
      providers,
      strict,
      progress: hooks.reading,
      ...stop,
    });
    const counts = countsOf(findings);
    const opened = await writer;
    if (signal?.aborted) return { counts, findings };
    staging.settle();
    hooks.writing(findings, staging.size());
    await writeUsers(opened, staging, {
      ...writing,
      strict,
      ...stop,
      before: hooks.before,
      after: (outcomes) => {
        count(counts, outcomes);
        hooks.after(outcomes, counts);
      },
    });
    return { counts, findings };
  } finally {
    staging.close();
  }
}
