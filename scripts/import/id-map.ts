/** `--id-map FILE`: writes the old and the new id of every user as CSV, so that other tables can be updated. */
import { closeSync, constants, fchmodSync, openSync, writeSync } from 'node:fs';
import { ScriptFault } from '../lib/fault.ts';
import type { Outcome } from './write.ts';

/** Overwrites the file at each run, and includes users imported earlier. Only its owner can read it. */
export function openIdMap(file: string | undefined) {
  if (file === undefined) return { add: () => {}, close: () => {} };
  const descriptor = open(file);
  fchmodSync(descriptor, 0o600);
  writeSync(descriptor, 'old_id,new_id\n');
  return {
    add: (outcomes: readonly Outcome[]) => {
      const lines = outcomes.map((result) => {
        if (result.outcome === 'refused') return '';
        const { pk, username, email } = result.known;
        return `${cell(String(pk ?? username ?? email ?? ''))},${result.id}\n`;
      });
      if (lines.length > 0) writeSync(descriptor, lines.join(''));
    },
    close: () => closeSync(descriptor),
  };
}

/** Does not follow a symbolic link, so that it cannot overwrite its target. */
function open(file: string): number {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  try {
    return openSync(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
    throw new ScriptFault(`${file} is a symbolic link`);
  }
}

/** A cell by RFC 4180. Text that a spreadsheet would run as a formula gets an apostrophe in front. */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
