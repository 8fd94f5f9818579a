/**
 * What the audit log (the table `admin_log`) says: a code for what was done, and what changed. The codes are the
 * API's and the log's too; the console translates them.
 */
export const AUDIT_ACTIONS = [
  'user.added',
  'user.added_as_staff',
  'user.changed',
  'user.activated',
  'user.deactivated',
  'user.promoted',
  'user.demoted',
  'user.deleted',
  'user.session_ended',
  'user.all_sessions_ended',
  'user.password_reset_sent',
  'user.second_factor_removed',
  'user.event_retried',
  'user.passkey_removed',
  'user.connection_removed',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

type Value = string | boolean | null;

/**
 * The value before and after, by the name of the field. Neither is known in rows that an older version wrote, nor
 * kept once the user is gone.
 */
export type Changes = Readonly<Record<string, readonly [] | readonly [from: Value, to: Value]>>;

export const writeChanges = (changes: Changes): string => JSON.stringify(changes);

/** For SQL: `detail` without the values. */
export const ERASED_DETAIL =
  "CASE WHEN json_valid(detail) THEN (SELECT json_group_object(key, json('[]')) FROM json_each(detail)) END";

/** What is no JSON, as an older version wrote it, says nothing. */
export function readChanges(detail: string | null): Changes {
  try {
    return (JSON.parse(detail ?? '{}') as Changes | null) ?? {};
  } catch {
    return {};
  }
}

/** For the wire: only what is known. */
export const changesJson = (changes: Changes): Record<string, { from: Value; to: Value }> =>
  Object.fromEntries(
    Object.entries(changes).flatMap(([field, [from, to]]) =>
      from === undefined || to === undefined ? [] : [[field, { from, to }]],
    ),
  );
