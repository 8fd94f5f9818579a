/** Listing and removing a user's passkeys and connections by staff, in D1. */
import { and, asc, eq, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { canSignInWithout, type LostMethod, notTheLastStaff } from '../db/predicates.ts';
import { connections, passkeys, users } from '../db/schema.ts';
import { deletePasskey } from '../passkeys/d1-passkeys.ts';
import { voidTokens } from '../token/d1-one-time-tokens.ts';
import { done, outcome, outcomeOf, write } from './d1-act.ts';
import type { AdminStore } from './ports.ts';

/** The user can still sign in, or another staff member can use the console. */
export const mayLose = (lost: LostMethod): SQL => sql`(${canSignInWithout(lost)} OR ${notTheLastStaff})`;

export const d1SignInMethods = ({
  run,
}: D1): Pick<AdminStore, 'signInMethods' | 'removePasskey' | 'removeConnection'> => ({
  signInMethods: (userId) =>
    run('admin.signInMethods', async (db) => {
      const [ofPasskeys, ofConnections] = await db.batch([
        db
          .select({
            id: passkeys.id,
            name: passkeys.name,
            createdAt: passkeys.createdAt,
            lastUsedAt: passkeys.lastUsedAt,
            backedUp: passkeys.backedUp,
          })
          .from(passkeys)
          .where(eq(passkeys.userId, userId))
          .orderBy(asc(passkeys.id)),
        db
          .select({
            id: connections.id,
            provider: connections.provider,
            email: connections.email,
            createdAt: connections.createdAt,
            lastUsedAt: connections.lastUsedAt,
          })
          .from(connections)
          .where(eq(connections.userId, userId))
          .orderBy(asc(connections.id)),
      ]);
      return { passkeys: ofPasskeys, connections: ofConnections };
    }),

  removePasskey: (entry, userId, id) =>
    run('admin.removePasskey', async (db) => {
      const isThis = sql`${passkeys.userId} = ${userId} AND ${passkeys.id} = ${id}`;
      const results = await db.batch([
        write(
          db,
          entry,
          {
            subjectId: userId,
            detail: sql<string>`json_object('passkey', json_array(${passkeys.name}, NULL))`,
          },
          sql`FROM users JOIN passkeys ON ${isThis} WHERE ${users.id} = ${userId} AND ${mayLose('passkey')}`,
        ),
        outcome(db, entry, [[sql`EXISTS (SELECT 1 FROM passkeys WHERE ${isThis})`, 'gone']], 'last_staff'),
        ...deletePasskey(db, userId, id, done(entry)),
      ]);
      return outcomeOf(results[1]);
    }),

  removeConnection: (entry, userId, id) =>
    run('admin.removeConnection', async (db) => {
      const isThis = sql`${connections.userId} = ${userId} AND ${connections.id} = ${id}`;
      const results = await db.batch([
        write(
          db,
          entry,
          {
            subjectId: userId,
            detail: sql<string>`json_object('connection', json_array(${connections.provider}, NULL))`,
          },
          sql`FROM users JOIN connections ON ${isThis}
            WHERE ${users.id} = ${userId} AND ${mayLose({ connection: id })}`,
        ),
        outcome(db, entry, [[sql`EXISTS (SELECT 1 FROM connections WHERE ${isThis})`, 'gone']], 'last_staff'),
        db
          .delete(connections)
          .where(and(isThis, done(entry)))
          .returning({ provider: connections.provider }),
        voidTokens(db, userId, done(entry), 'exchange'),
      ]);
      return { outcome: outcomeOf(results[1]), provider: results[2][0]?.provider ?? null };
    }),
});
