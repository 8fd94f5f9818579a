/** Passkeys and connected accounts that stand in D1 as if their users had added them. */
export type Kind = 'passkeys' | 'connections';
export const KINDS: readonly Kind[] = ['passkeys', 'connections'];

/** One more of a user; its id. It has the id as what finds it, too. */
export async function giveMethod(
  kind: Kind,
  userId: string,
  rows: (sql: string, ...values: string[]) => Promise<unknown>,
): Promise<string> {
  const id = crypto.randomUUID();
  if (kind === 'connections') {
    await rows(
      `INSERT INTO connections VALUES (?, ?, 'acme', 'https://id.example', ?, 'at@provider.example', 1700000000, NULL)`,
      ...[userId, id, id],
    );
    await rows(`INSERT INTO logins VALUES ('oidc:https://id.example', ?, ?)`, id, userId);
  } else {
    await rows(
      `INSERT INTO passkeys (user_id, id, credential_id, public_key, counter, multi_device, backed_up, transports,
        name, created_at) VALUES (?, ?, ?, '', 0, 1, 1, '[]', 'My <phone>', 1700000000)`,
      ...[userId, id, id],
    );
    await rows(`INSERT INTO logins VALUES ('passkey', ?, ?)`, id, userId);
    await rows('UPDATE users SET passkey_count = passkey_count + 1 WHERE id = ?', userId);
  }
  return id;
}
