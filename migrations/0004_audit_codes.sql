-- The audit log says in codes what was done, and as JSON what changed: the fields by name, each with its value before
-- and after. Rows from before know the names alone: {"name":[],"is_active":[]}.
UPDATE admin_log SET
  action = CASE
    WHEN action LIKE '%deactivated%' THEN 'user.deactivated'
    WHEN action LIKE '%demoted%' THEN 'user.demoted'
    WHEN action LIKE '%promoted%' THEN 'user.promoted'
    WHEN action LIKE '%activated%' THEN 'user.activated'
    WHEN action = 'added' THEN 'user.added'
    WHEN action = 'added as staff' THEN 'user.added_as_staff'
    WHEN action = 'changed' THEN 'user.changed'
    WHEN action = 'deleted' THEN 'user.deleted'
    WHEN action = 'ended a session' THEN 'user.session_ended'
    WHEN action = 'ended all sessions' THEN 'user.all_sessions_ended'
    WHEN action = 'sent a password reset' THEN 'user.password_reset_sent'
    ELSE action
  END,
  detail = CASE
    WHEN detail IS NOT NULL AND NOT json_valid(detail) THEN '{"' || replace(detail, ', ', '":[],"') || '":[]}'
    ELSE detail
  END
WHERE action NOT LIKE 'user.%';
