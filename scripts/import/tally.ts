/** The counts of an import. `read` is the sum of the six after it. */
import type { Findings } from './findings.ts';
import type { Reason } from './person.ts';
import type { Outcome } from './write.ts';

export interface Counts {
  read: number;
  imported: number;
  alreadyThere: number;
  refused: number;
  /** Records of other models. */
  skipped: number;
  /** Records with a part of a user: addresses, passwords, connections. */
  parts: number;
  /** Records not yet handled when the import was stopped. */
  notReached: number;
  refusedFor: Map<Reason, number>;
  /** Fields left out of imported users, by field and reason. */
  leftOut: Map<string, number>;
  /** Imported users without a usable password, by the kind of hash. */
  mustReset: Map<string, number>;
  /** Those of them without an address to send a link to. */
  mustResetWithoutEmail: number;
  /** Imported users who are staff, and those of them without a verified address. */
  staff: number;
  staffUnverified: number;
  /** Imported users who were staff and no longer are. */
  notStaff: number;
  /** Connections of imported users, and those left out because another user has them. */
  connections: number;
  connectionsTaken: number;
}

export function countsOf({ records, parts, others }: Findings): Counts {
  const skipped = [...others.values()].reduce((sum, other) => sum + other.records, 0);
  return {
    read: records,
    ...{ imported: 0, alreadyThere: 0, refused: 0, skipped, parts, notReached: records - skipped - parts },
    ...{ refusedFor: new Map(), leftOut: new Map(), mustReset: new Map(), mustResetWithoutEmail: 0 },
    ...{ staff: 0, staffUnverified: 0, notStaff: 0, connections: 0, connectionsTaken: 0 },
  };
}

const add = <K>(map: Map<K, number>, key: K) => map.set(key, (map.get(key) ?? 0) + 1);

export function count(counts: Counts, outcomes: readonly Outcome[]): void {
  for (const result of outcomes) {
    counts.notReached -= 1;
    if (result.outcome === 'already_there') counts.alreadyThere += 1;
    else if (result.outcome === 'refused') {
      counts.refused += 1;
      add(counts.refusedFor, result.refusal.reason);
    } else {
      const { person } = result;
      counts.imported += 1;
      for (const { field, reason } of person.leftOut) {
        add(counts.leftOut, `${field} (${reason})`);
        if (field === 'connection') counts.connectionsTaken += 1;
      }
      counts.connections += person.connections.length;
      if (person.isStaff) {
        counts.staff += 1;
        if (person.email === null || person.emailVerifiedAt === null) counts.staffUnverified += 1;
      }
      if (
        person.leftOut.some(({ field, reason }) => field === 'is_staff' && reason === 'email_not_verified')
      ) {
        counts.notStaff += 1;
      }
      if (person.passwordHash === '') {
        add(counts.mustReset, person.passwordKind);
        if (person.email === null) counts.mustResetWithoutEmail += 1;
      }
    }
  }
}

export function tally({ read, imported, alreadyThere, refused, skipped, parts, notReached }: Counts): string {
  const more = [
    ...(skipped > 0 ? [`${skipped} of other models skipped`] : []),
    ...(parts > 0 ? [`${parts} merged into their user`] : []),
    ...(notReached > 0 ? [`${notReached} not reached`] : []),
  ];
  const all = [`${imported} imported`, `${alreadyThere} already there`, `${refused} refused`, ...more];
  return `${read} read: ${all.join(', ')}`;
}
