/**
 * The data stored about one user, read from D1. Every table with personal data has an entry in PARTS. Hashes and
 * secrets are left out.
 */
import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm';
import { changesJson, readChanges } from '../../audit-log.ts';
import type { D1 } from '../../db/client.ts';
import { accountEvents, adminLog, connections, oneTimeTokens, passkeys, sessions } from '../../db/schema.ts';
import type { Db } from '../../db/statement.ts';
import { timestamp } from '../../encoding.ts';
import type { Session, TakenBack } from '../../model.ts';
import type { Client } from '../../ports.ts';
import { authTimeOf } from '../../token/authentication.ts';
import { sessionJson } from '../presenters.ts';
import type { OwnData, Page } from './own-data.ts';

/** Rows per page, all held in memory. */
export const PAGE_ROWS = 200;

const orNull = (seconds: number | null) => (seconds === null ? null : timestamp(seconds));

/** `after`: the key of the last row of the previous page, or '' for the first page. */
const PARTS = {
  /** Including ended sessions that have not been swept yet. */
  sessions: {
    select: (db: Db, userId: string, after: string) =>
      db
        .select()
        .from(sessions)
        .where(and(eq(sessions.userId, userId), gt(sessions.id, after)))
        .orderBy(asc(sessions.id))
        .limit(PAGE_ROWS),
    key: ({ id }: Session) => id,
    json: (session: Session, currentId: string) => ({
      ...sessionJson(session, currentId),
      city: session.city,
      ended_at: orNull(session.revokedAt),
      ended_because: session.revokedReason,
      authenticated_at: timestamp(authTimeOf(session)),
      amr: session.amr,
    }),
  },
  /** Connected accounts. */
  connections: {
    select: (db: Db, userId: string, after: string) =>
      db
        .select()
        .from(connections)
        .where(and(eq(connections.userId, userId), gt(connections.id, after)))
        .orderBy(asc(connections.id))
        .limit(PAGE_ROWS),
    key: ({ id }: Connection) => id,
    json: ({ id, provider, issuer, subject, email, createdAt, lastUsedAt }: Connection) => ({
      ...{ id, provider, issuer, subject, email },
      created_at: timestamp(createdAt),
      last_used_at: orNull(lastUsedAt),
    }),
  },
  passkeys: {
    select: (db: Db, userId: string, after: string) =>
      db
        .select({
          id: passkeys.id,
          name: passkeys.name,
          credentialId: passkeys.credentialId,
          backedUp: passkeys.backedUp,
          createdAt: passkeys.createdAt,
          lastUsedAt: passkeys.lastUsedAt,
        })
        .from(passkeys)
        .where(and(eq(passkeys.userId, userId), gt(passkeys.id, after)))
        .orderBy(asc(passkeys.id))
        .limit(PAGE_ROWS),
    key: ({ id }: OwnPasskey) => id,
    json: ({ id, name, credentialId, backedUp, createdAt, lastUsedAt }: OwnPasskey) => ({
      id,
      name,
      credential_id: credentialId,
      synced: backedUp,
      created_at: timestamp(createdAt),
      last_used_at: orNull(lastUsedAt),
    }),
  },
  /** Unused one-time tokens. */
  pending: {
    select: (db: Db, userId: string, after: string) =>
      db
        .select({
          purpose: oneTimeTokens.purpose,
          hash: oneTimeTokens.hash,
          createdAt: oneTimeTokens.createdAt,
          expiresAt: oneTimeTokens.expiresAt,
          payload: oneTimeTokens.payload,
        })
        .from(oneTimeTokens)
        .where(and(eq(oneTimeTokens.subject, userId), afterToken(after)))
        .orderBy(asc(oneTimeTokens.purpose), asc(oneTimeTokens.hash))
        .limit(PAGE_ROWS),
    key: ({ purpose, hash }: Token) => `${purpose} ${hash}`,
    json: ({ purpose, createdAt, expiresAt, payload }: Token) => ({
      purpose,
      created_at: timestamp(createdAt),
      expires_at: timestamp(expiresAt),
      ...storedWith(purpose, payload),
    }),
  },
  /** What staff did to the account, without who did it. */
  history: {
    select: (db: Db, userId: string, after: string) =>
      db
        .select({ id: adminLog.id, at: adminLog.at, action: adminLog.action, detail: adminLog.detail })
        .from(adminLog)
        .where(and(eq(adminLog.subjectId, userId), gt(adminLog.id, after)))
        .orderBy(asc(adminLog.id))
        .limit(PAGE_ROWS),
    key: ({ id }: Act) => id,
    json: ({ at, action, detail }: Act) => ({
      at: timestamp(at),
      action,
      changes: changesJson(readChanges(detail)),
    }),
  },
  /** Events that are not delivered yet, or have been given up. */
  events: {
    select: (db: Db, userId: string, after: string) =>
      db
        .select({
          seq: accountEvents.seq,
          type: accountEvents.type,
          createdAt: accountEvents.createdAt,
          data: accountEvents.data,
        })
        .from(accountEvents)
        .where(and(eq(accountEvents.userId, userId), gt(accountEvents.seq, Number(after))))
        .orderBy(asc(accountEvents.seq))
        .limit(PAGE_ROWS),
    key: ({ seq }: Event) => String(seq),
    json: ({ type, createdAt, data }: Event) => ({
      type,
      at: timestamp(createdAt),
      data: JSON.parse(data) as object,
    }),
  },
};

type Connection = typeof connections.$inferSelect;
interface Event {
  seq: number;
  type: string;
  createdAt: number;
  data: string;
}
interface OwnPasskey {
  id: string;
  name: string;
  credentialId: string;
  backedUp: boolean;
  createdAt: number;
  lastUsedAt: number | null;
}
interface Token {
  purpose: string;
  hash: string;
  createdAt: number;
  expiresAt: number;
  payload: string | null;
}
interface Act {
  id: string;
  at: number;
  action: string;
  detail: string | null;
}

function afterToken(after: string): SQL | undefined {
  const [purpose = '', hash = ''] = after.split(' ');
  return after === ''
    ? undefined
    : sql`(${oneTimeTokens.purpose}, ${oneTimeTokens.hash}) > (${purpose}, ${hash})`;
}

/** The personal data that a one-time token stores. */
function storedWith(purpose: string, payload: string | null) {
  const none = { new_email: null, old_email: null, ip: null, country: null };
  if (payload === null) return none;
  switch (purpose) {
    case 'email_change':
      return { ...none, new_email: payload };
    case 'email_take_back':
      return { ...none, old_email: (JSON.parse(payload) as TakenBack).email };
    case 'email_verify':
    case 'email_disown': {
      const { ip, country } = JSON.parse(payload) as Pick<Client, 'ip' | 'country'>;
      return { ...none, ip, country };
    }
    default:
      return none;
  }
}

type Name = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Name[];

function pageOf(name: Name, rows: readonly object[], currentId: string): Page {
  const part = PARTS[name] as {
    key: (row: object) => string;
    json: (row: object, currentId: string) => object;
  };
  const last = rows.length === PAGE_ROWS ? rows.at(-1) : undefined;
  return {
    part: name,
    rows: rows.map((row) => part.json(row, currentId)),
    next: last === undefined ? null : part.key(last),
  };
}

export function d1OwnData({ run }: D1): OwnData {
  return {
    first: (userId, sessionId) =>
      run('ownData.first', async (db) => {
        const { sessions, connections, passkeys, pending, history, events } = PARTS;
        const results = await db.batch([
          sessions.select(db, userId, ''),
          connections.select(db, userId, ''),
          passkeys.select(db, userId, ''),
          pending.select(db, userId, ''),
          history.select(db, userId, ''),
          events.select(db, userId, ''),
        ]);
        return NAMES.map((name, i) => pageOf(name, results[i] ?? [], sessionId));
      }),

    after: (userId, sessionId, part, next) =>
      run('ownData.after', async (db) => {
        const name = part as Name;
        return pageOf(name, await PARTS[name].select(db, userId, next), sessionId);
      }),
  };
}
