/**
 * The audit log (table `admin_log`) stores a code for each action and what it changed. The API and the log use the same
 * codes; the console translates them.
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
  'user.invited',
  'user.email_changed',
  'user.email_verified',
  'user.password_set',
  'user.password_removed',
  'users.exported',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

type Value = string | boolean | null;

/**
 * Old and new value by field name. The pair is empty in rows written by older versions, and once the user is deleted.
 */
export type Changes = Readonly<Record<string, readonly [] | readonly [from: Value, to: Value]>>;

export const writeChanges = (changes: Changes): string => JSON.stringify(changes);

/** An SQL expression: `detail` without the values. */
export const ERASED_DETAIL =
  "CASE WHEN json_valid(detail) THEN (SELECT json_group_object(key, json('[]')) FROM json_each(detail)) END";

/** Anything but JSON, which older versions wrote, counts as no changes. */
export function readChanges(detail: string | null): Changes {
  try {
    return (JSON.parse(detail ?? '{}') as Changes | null) ?? {};
  } catch {
    return {};
  }
}

/** For the API: only fields whose values are known. */
export const changesJson = (changes: Changes): Record<string, { from: Value; to: Value }> =>
  Object.fromEntries(
    Object.entries(changes).flatMap(([field, [from, to]]) =>
      from === undefined || to === undefined ? [] : [[field, { from, to }]],
    ),
  );
