/** Reads the whole file into staging: each record as the kind that its source recognises. */
import { canonicalEmail } from '../../src/identity.ts';
import { type ForeignConnection, type ProviderMap, readConnection } from './connections.ts';
import type { FieldMap } from './fields.ts';
import {
  type Findings,
  noFindings,
  noteAssumed,
  noteNamed,
  noteNamedAsFound,
  noteNotConnected,
  noteNotData,
  noteOther,
  noteUnused,
} from './findings.ts';
import { readHash, readPerson } from './person.ts';
import type { Entry } from './records.ts';
import type { Sorted, Source } from './sources/source.ts';
import type { Owned, Staging } from './staging.ts';
import { readFlag } from './values.ts';

export interface Reading {
  source: Source;
  map: FieldMap;
  providers: ProviderMap;
  strict: boolean;
  /** Called after every PROGRESS_EVERY records. */
  progress?: (records: number) => void;
  signal?: AbortSignal;
}

const PROGRESS_EVERY = 1_000;

/** Reads until the entries end or `signal` is aborted. */
export async function readFile(
  entries: AsyncIterable<Entry>,
  staging: Staging,
  { source, map, providers, strict, progress, signal }: Reading,
): Promise<Findings> {
  const findings = noFindings();
  const fromMap = Object.values(map).flat();
  const addConnection = (owned: Owned, foreign: ForeignConnection): void => {
    findings.connections += 1;
    const read = readConnection(foreign, providers);
    if ('fault' in read) noteNotConnected(findings, read.provider, read.fault);
    else staging.addConnection(owned, read);
  };
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
      const detail = 'fault' in entry ? entry.fault : 'not a record of a user';
      staging.addRefused(entry.place, {}, { reason: 'malformed', detail });
    } else if (sorted.kind === 'user') {
      const { person, assumed, used } = readPerson(sorted, map, strict);
      const seq = staging.addPerson(entry.place, person);
      noteAssumed(findings, assumed);
      noteUnused(findings, sorted.fields, used);
      for (const connection of sorted.connections ?? []) addConnection({ seq }, connection);
      for (const provider of sorted.providers ?? []) noteNamed(findings, String(provider));
      for (const name of fromMap)
        if (used.has(name.split('.')[0] ?? name) || used.has(name)) findings.mapped.add(name);
    } else {
      addOther(sorted, staging, findings, addConnection);
    }
  }
  // The file names the users' providers, but has no records with their accounts there.
  if (findings.connections === 0) noteNamedAsFound(findings);
  return findings;
}

function addOther(
  sorted: Exclude<Sorted, { kind: 'user' }>,
  staging: Staging,
  findings: Findings,
  addConnection: (owned: Owned, foreign: ForeignConnection) => void,
): void {
  if (sorted.kind === 'other') {
    noteOther(findings, sorted.model, sorted.fields);
    return;
  }
  findings.parts += 1;
  if (sorted.kind === 'connection') addConnection({ owner: sorted.owner }, sorted.connection);
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
