/** The known devices of a user, from their sessions in D1, live or ended, until they are swept. Stores nothing of its own. */
import { and, desc, eq, lt } from 'drizzle-orm';
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
        .where(and(eq(sessions.userId, userId), lt(sessions.id, id)))
        .orderBy(desc(sessions.id))
        .limit(LOOKED_AT),
    ),
});
