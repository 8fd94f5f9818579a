/** Consuming a second factor: one conditional statement, and the condition for later statements of the batch. */
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import { recoveryCodes, totpSecrets } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { Proof } from './ports.ts';

const isOneOf = (digests: readonly string[]): SQL => inArray(recoveryCodes.hash, [...digests]);

/** Consumes the proof for `by`, the id of a session or attempt. `onlyIf`: an additional condition. */
export const use = (db: Db, userId: string, proof: Proof, by: string, now: number, onlyIf: SQL) =>
  'step' in proof
    ? db
        .update(totpSecrets)
        .set({ usedStep: proof.step, usedBy: by })
        .where(
          and(
            eq(totpSecrets.userId, userId),
            sql`${totpSecrets.secret} IS NOT NULL`,
            sql`coalesce(${totpSecrets.usedStep}, -1) < ${proof.step}`,
            onlyIf,
          ),
        )
    : db
        .update(recoveryCodes)
        .set({ usedAt: now, usedBy: by })
        .where(
          and(
            eq(recoveryCodes.userId, userId),
            isOneOf(proof.recoveryDigests),
            isNull(recoveryCodes.usedAt),
            onlyIf,
          ),
        );

/** The proof was consumed by `use` for `by`. */
export const wasUsed = (userId: string, proof: Proof, by: string): SQL =>
  'step' in proof
    ? sql`EXISTS (SELECT 1 FROM ${totpSecrets} WHERE ${totpSecrets.userId} = ${userId}
        AND ${totpSecrets.usedStep} = ${proof.step} AND ${totpSecrets.usedBy} = ${by})`
    : sql`EXISTS (SELECT 1 FROM ${recoveryCodes} WHERE ${recoveryCodes.userId} = ${userId}
        AND ${recoveryCodes.usedBy} = ${by} AND ${isOneOf(proof.recoveryDigests)})`;

/** Undoes the try of a correct code: only wrong ones count. */
export const giveTryBack = (db: Db, userId: string, onlyIf: SQL) =>
  db
    .update(totpSecrets)
    .set({ tries: sql`max(0, ${totpSecrets.tries} - 1)` })
    .where(and(eq(totpSecrets.userId, userId), onlyIf));
