/**
 * Creates a staff account, or makes the account with the given address staff; running it twice changes nothing more.
 * Anybody can sign up with an address that is not theirs, so an account whose address was never confirmed is made staff
 * only if the request says what to do with its password.
 */
import { and, eq, type Query, type SQL, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { addLogin, isTaken } from '../../src/account/d1-logins.ts';
import { insertUser, onPromotion, replacePassword } from '../../src/account/d1-user-writes.ts';
import { newUser } from '../../src/account/new-user.ts';
import { addressAsRead, userExists } from '../../src/db/predicates.ts';
import { users } from '../../src/db/schema.ts';
import { isOwnName, usernameKey } from '../../src/identity.ts';
import type { EndedSession, RevocationReason } from '../../src/model.ts';
import type { D1Writer } from './d1-writer.ts';
import { ScriptFault } from './fault.ts';
import { literal, withValues } from './sql.ts';

/** Only builds the Worker's own statements: it has no database. */
const shared = drizzle({} as never);

export interface SuperuserRequest {
  /** Canonical. */
  email: string;
  username: { username: string; key: string } | null;
  /** Sets a new password if the account exists, and ends its sessions. */
  resetPassword: boolean;
  /** Keeps the password of an existing account even if its address was never confirmed. */
  keepPassword: boolean;
}

export interface Person {
  email: string;
  username: string | null;
  name: string | null;
}

export interface Means {
  /** Returns the hash of a password that follows the rules for this person; called only if one is needed. */
  passwordHash: (person: Person) => Promise<string>;
  newId: () => string;
  /** Epoch seconds. */
  now: () => number;
}

export type Outcome =
  | { outcome: 'created'; id: string }
  | { outcome: 'found'; id: string; done: Done[]; ended: Ended | null };
/** The ended sessions, to be written to KV. */
export interface Ended {
  reason: RevocationReason;
  sessions: EndedSession[];
}
export type Done = 'made_staff' | 'activated' | 'password_reset';

interface Row {
  id: string;
  email: string | null;
  username: string | null;
  username_key: string | null;
  name: string | null;
  is_staff: number;
  is_active: number;
  email_verified_at: number | null;
}

export async function createSuperuser(
  writer: D1Writer,
  request: SuperuserRequest,
  means: Means,
): Promise<Outcome> {
  const { email, username } = request;
  if (username !== null && !isOwnName(username.username, email)) {
    throw new ScriptFault('A username that contains @ must be the e-mail address of the account.');
  }
  const taken = () =>
    writer.read<Row>(
      `SELECT id, email, username, username_key, name, is_staff, is_active, email_verified_at FROM users
        WHERE id IN (SELECT user_id FROM logins WHERE kind = 'email' AND key = ${literal(email)}
          OR kind = 'username' AND key = ${literal(username?.key ?? null)})`,
    );

  const before = await taken();
  const account = before.find((row) => row.email === email);
  if (account) return promote(writer, account, request, means);
  if (before.length > 0) throw new ScriptFault('Another account has this username.');

  const passwordHash = await means.passwordHash({ email, username: username?.username ?? null, name: null });
  const id = means.newId();
  const now = means.now();
  const names = { email, username: username?.username ?? null, usernameKey: username?.key ?? null };
  const user = newUser({ ...names, id, name: null, passwordHash }, now, {
    isStaff: true,
    emailVerifiedAt: now,
  });
  const free = sql`WHERE NOT ${isTaken('email', email)} AND NOT ${isTaken('username', user.usernameKey)}`;
  await writer.write([
    withValues(insertUser(shared, user, free)),
    withValues(addLogin(shared, id, 'email')),
    withValues(addLogin(shared, id, 'username')),
  ]);
  if (!(await taken()).some((row) => row.id === id)) {
    throw new ScriptFault('The address or username was taken while this ran. Run it again.');
  }
  return { outcome: 'created', id };
}

async function promote(
  writer: D1Writer,
  account: Row,
  request: SuperuserRequest,
  means: Means,
): Promise<Outcome> {
  const { id, email, username, name } = account;
  if (request.username !== null && account.username_key !== usernameKey(request.username.username)) {
    const has = username === null ? 'no username' : `the username ${username}`;
    throw new ScriptFault(
      `The account with this address has ${has}. Leave out --username; you can change it in the console.`,
    );
  }
  if (account.email_verified_at === null && !request.resetPassword && !request.keepPassword) {
    throw new ScriptFault(
      [
        `${email} already has an account (${id}), but the address was never confirmed: whoever signed up with it chose`,
        'the password and may be signed in. Nothing was changed. Run it again with --reset-password to set a new',
        'password and end the sessions of the account, or with --keep-password if you know whose account it is.',
      ].join('\n'),
    );
  }
  const done: Done[] = [];
  if (account.is_staff === 0) done.push('made_staff');
  if (account.is_active === 0) done.push('activated');
  if (!request.resetPassword && done.length === 0) return { outcome: 'found', id, done, ended: null };

  const asRead = addressAsRead({ email, emailVerifiedAt: account.email_verified_at });
  const promotion = (onlyIf: SQL) =>
    shared
      .update(users)
      .set({ isStaff: true, isActive: true })
      .where(and(eq(users.id, id), onlyIf));
  const at = means.now();
  const statements: { toSQL(): Query }[] = [];
  let passwordHash: string | null = null;
  if (request.resetPassword) {
    passwordHash = await means.passwordHash({ email: email ?? '', username, name });
    // The same statements as every password reset; the caller writes the ended sessions to KV (ended-sessions.ts).
    const reset = replacePassword(shared, id, passwordHash, at, {
      onlyIf: asRead,
      reason: 'password_reset',
      provesEmail: true,
    });
    const done = sql`${users.passwordHash} = ${passwordHash}`;
    statements.push(reset.change, promotion(done), reset.endSessions, ...reset.voidTokens);
  } else {
    const becomesStaff = userExists(id, sql`${asRead} AND ${users.isStaff} = 0`);
    statements.push(...onPromotion(shared, id, at, becomesStaff), promotion(asRead));
  }
  await writer.write(statements.map(withValues));

  const [now] = await writer.read<Pick<Row, 'email' | 'is_staff' | 'is_active'> & { password_hash: string }>(
    `SELECT email, is_staff, is_active, password_hash FROM users WHERE id = ${literal(id)}`,
  );
  const isDone =
    now?.email === email &&
    now.is_staff === 1 &&
    now.is_active === 1 &&
    (passwordHash === null || now.password_hash === passwordHash);
  if (!isDone) {
    throw new ScriptFault('The account changed while this ran. Nothing was changed. Run it again.');
  }
  const reason = request.resetPassword ? 'password_reset' : 'promoted';
  const ended = await writer.read<EndedSession>(
    `SELECT id, expires_at AS expiresAt FROM sessions WHERE user_id = ${literal(id)} AND revoked_at = ${literal(at)}
      AND revoked_reason = ${literal(reason)} ORDER BY id`,
  );
  if (request.resetPassword) done.push('password_reset');
  return { outcome: 'found', id, done, ended: { reason, sessions: ended } };
}
