/** The devices of a user, in D1: what their sessions say, live or dead, until the sweep takes them. Nothing is kept for it. */
import { and, desc, eq, ne } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { sessions } from '../db/schema.ts';
import type { SeenDevices } from './ports.ts';

const LOOKED_AT = 100;

export const d1SeenDevices = ({ run }: D1): SeenDevices => ({
  before: ({ userId, id }) =>
    run('seenDevices.before', (db) =>
      db
        .select({ userAgent: sessions.userAgent, country: sessions.country })
        .from(sessions)
        .where(and(eq(sessions.userId, userId), ne(sessions.id, id)))
        .orderBy(desc(sessions.id))
        .limit(LOOKED_AT),
    ),
});
