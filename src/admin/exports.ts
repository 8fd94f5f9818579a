/** The list of users as CSV, written while it is read. Never Hono, Drizzle or a binding. */
import type { Caller } from '../account/application/session.ts';
import { userJson } from '../account/presenters.ts';
import type { Changes } from '../audit-log.ts';
import type { Call } from '../ports.ts';
import { type AdminServices, auditEntry, requireDone } from './acting.ts';
import { csvHead, csvRows } from './csv.ts';
import type { UserQuery } from './list-ports.ts';

/** Of one call of D1. */
const PAGE_ROWS = 500;
/** A request may make 1,000 calls, and a page is two. */
const PAGES_MAX = 400;

const COLUMNS = [
  'id',
  'email',
  'username',
  'name',
  'is_active',
  'is_staff',
  'email_verified',
  'date_joined',
  'last_login',
] as const satisfies (keyof ReturnType<typeof userJson>)[];

/** The filters, for the history. Not the search text, which may be an e-mail address. */
const changesOf = (query: UserQuery): Changes => ({
  ...(query.search && { search: [] }),
  ...(query.isActive !== null && { is_active: [null, query.isActive] }),
  ...(query.isStaff !== null && { is_staff: [null, query.isStaff] }),
  ...(query.emailVerified !== null && { email_verified: [null, query.emailVerified] }),
  ...(query.hasSecondFactor !== null && { second_factor: [null, query.hasSecondFactor] }),
  ...(query.hasPasskey !== null && { passkey: [null, query.hasPasskey] }),
  ...(query.hasConnection !== null && { connection: [null, query.hasConnection] }),
});

/**
 * Streams all users of a list, in its order, page by page, and is in the history before it starts. A failed or too long read
 * aborts the stream with an error, so that nobody takes the file for complete. 403 permission_denied.
 */
export async function exportUsers(
  services: AdminServices,
  caller: Caller,
  query: UserQuery,
  call: Call,
): Promise<AsyncGenerator<string>> {
  const entry = auditEntry(services, caller, 'users.exported');
  requireDone(await services.admin.groups.noteExport(entry, changesOf(query)));
  call.report('info', 'admin_acted', { actor: caller.user.id, action: entry.action, ended: 0 });
  return pages(services, caller, query, call);
}

async function* pages(
  { admin }: AdminServices,
  { user }: Caller,
  query: UserQuery,
  { report }: Call,
): AsyncGenerator<string> {
  yield csvHead(COLUMNS);
  try {
    let after: UserQuery['after'] = null;
    for (let page = 1; page <= PAGES_MAX; page++) {
      const { items, next } = await admin.store.users({ ...query, after, limit: PAGE_ROWS });
      yield csvRows(COLUMNS, items.map(userJson));
      if (next === null) return;
      after = next;
    }
    throw new RangeError('too many pages');
  } catch (error) {
    report('error', 'export_broken_off', { user: user.id, reason: 'at users' });
    throw error;
  }
}
