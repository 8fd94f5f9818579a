/**
 * The report of an import: JSON lines in a new file next to the input, which only its owner can read, as it names users.
 * First what was run, then a line for each batch before it is written (which `--undo` reads) and a line for each record,
 * last the counts. It never contains a password or a part of one, and never overwrites an earlier report.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Findings } from './findings.ts';
import { explainPassword } from './hashes.ts';
import type { Counts } from './tally.ts';
import type { Outcome } from './write.ts';

export interface Header {
  file: string;
  from?: string;
  /** See databaseName. */
  database: string;
  /** Epoch seconds. */
  at: number;
  dry_run: boolean;
  options: Record<string, unknown>;
}

const MAX_REPORTS = 10_000;

/** Creates `users.json.report.jsonl`, or the next free number of it. */
export function openReport(input: string, header: Header) {
  const { file, descriptor } = createNext(input);
  const line = (value: unknown) => void writeSync(descriptor, `${JSON.stringify(value)}\n`);
  let batch = 0;
  line({ import: header });
  return {
    file,
    batch: (ids: readonly string[]) => {
      batch += 1;
      line({ batch, ids });
    },
    outcomes: (outcomes: readonly Outcome[]) => {
      if (outcomes.length === 0) return;
      writeSync(descriptor, outcomes.map((outcome) => `${JSON.stringify(lineOf(outcome))}\n`).join(''));
    },
    end: (findings: Findings, counts: Counts) => {
      for (const { line: number, text } of findings.notData)
        line({ line: number, outcome: 'not_data', text });
      for (const [model, { records, fields }] of findings.others) {
        line({ outcome: 'skipped', model, records, fields: [...fields] });
      }
      for (const [field, { rows }] of findings.unused) line({ outcome: 'field_not_imported', field, rows });
      const { leftOut, mustReset, ...numbers } = counts;
      line({
        counts: {
          ...numbers,
          left_out: Object.fromEntries(leftOut),
          must_reset: Object.fromEntries(mustReset),
        },
      });
    },
    close: () => closeSync(descriptor),
    /** Deletes the report if the import failed before it wrote anything. */
    discard: () => {
      if (batch === 0) rmSync(file, { force: true });
    },
  };
}

function createNext(input: string) {
  for (let number = 1; number < MAX_REPORTS; number += 1) {
    const file = `${input}.report${number === 1 ? '' : `-${number}`}.jsonl`;
    try {
      return { file, descriptor: openSync(file, 'wx', 0o600) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new Error(`There are ${MAX_REPORTS} reports of ${input}`);
}

/** Names a user only if there is something to do about them. */
function lineOf(result: Outcome): object {
  const { place, known } = result;
  const { username: _, email: __, ...key } = known;
  if (result.outcome === 'refused') return { ...place, ...known, outcome: 'refused', ...result.refusal };
  if (result.outcome === 'already_there')
    return { ...place, ...key, outcome: 'already_there', id: result.id };
  const { id, person } = result;
  const mustReset = person.passwordHash === '' ? explainPassword(person.passwordKind) : null;
  const remarkable = person.leftOut.length > 0 || mustReset !== null;
  return {
    ...place,
    ...(remarkable ? known : key),
    outcome: 'imported',
    id,
    ...(person.leftOut.length > 0 && { left_out: person.leftOut }),
    ...(mustReset !== null && { must_reset: person.passwordKind, why: mustReset }),
  };
}
