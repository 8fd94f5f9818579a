/** `--id-map FILE`: the old id and the new one of everybody, as CSV, so that other tables can follow. */
import { closeSync, constants, fchmodSync, openSync, writeSync } from 'node:fs';
import { ScriptFault } from '../lib/fault.ts';
import type { Outcome } from './write.ts';

/** Begins anew at each run: who is there already is in it too. For this user's eyes. */
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

/** Never through a link: it would overwrite what that leads to. */
function open(file: string): number {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  try {
    return openSync(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
    throw new ScriptFault(`${file} is a symbolic link`);
  }
}

/** RFC 4180; what a spreadsheet would take for a formula begins with an apostrophe, a number apart. */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
