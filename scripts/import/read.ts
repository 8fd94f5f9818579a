/** The whole file into staging: every record to what its source says that it is. */
import { canonicalEmail } from '../../src/identity.ts';
import type { FieldMap } from './fields.ts';
import { type Findings, noFindings, noteAssumed, noteNotData, noteOther, noteUnused } from './findings.ts';
import { readHash, readPerson } from './person.ts';
import type { Entry } from './records.ts';
import type { Sorted, Source } from './sources/source.ts';
import type { Staging } from './staging.ts';
import { readFlag } from './values.ts';

export interface Reading {
  source: Source;
  map: FieldMap;
  strict: boolean;
  /** After some records. */
  progress?: (records: number) => void;
  signal?: AbortSignal;
}

const PROGRESS_EVERY = 1_000;

/** Until the entries end, or `signal` is aborted. */
export async function readFile(
  entries: AsyncIterable<Entry>,
  staging: Staging,
  { source, map, strict, progress, signal }: Reading,
): Promise<Findings> {
  const findings = noFindings();
  const fromMap = Object.values(map).flat();
  for await (const entry of entries) {
    if ('notData' in entry) {
      noteNotData(findings, 'line' in entry.place ? entry.place.line : 0, entry.notData);
      continue;
    }
    findings.records += 1;
    if (findings.records % PROGRESS_EVERY === 0) {
      progress?.(findings.records);
      if (signal?.aborted) break;
    }
    const sorted = 'value' in entry ? source.sort(entry.value, entry.group) : null;
    if (sorted === null) {
      const detail = 'fault' in entry ? entry.fault : 'no record of a user';
      staging.addRefused(entry.place, {}, { reason: 'malformed', detail });
    } else if (sorted.kind === 'user') {
      const { person, assumed, used } = readPerson(sorted, map, strict);
      staging.addPerson(entry.place, person);
      noteAssumed(findings, assumed);
      noteUnused(findings, sorted.fields, used);
      findings.connections += sorted.connections ?? 0;
      for (const name of fromMap)
        if (used.has(name.split('.')[0] ?? name) || used.has(name)) findings.mapped.add(name);
    } else {
      addOther(sorted, staging, findings);
    }
  }
  return findings;
}

function addOther(sorted: Exclude<Sorted, { kind: 'user' }>, staging: Staging, findings: Findings): void {
  if (sorted.kind === 'other') {
    noteOther(findings, sorted.model, sorted.fields);
    return;
  }
  findings.parts += 1;
  if (sorted.kind === 'connection') findings.connections += 1;
  else if (sorted.kind === 'password') {
    const { stored, kind } = readHash(sorted.password, []);
    staging.addPassword(sorted.owner, stored, kind);
  } else {
    const email = typeof sorted.email === 'string' ? canonicalEmail(sorted.email) : null;
    if (email !== null) {
      staging.addAddress(
        sorted.owner,
        email,
        readFlag(sorted.verified) === true,
        readFlag(sorted.primary) === true,
      );
    }
  }
}
