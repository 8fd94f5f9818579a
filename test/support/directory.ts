/** The directory `logins`, for tests that write users past the Worker. */
import { env } from 'cloudflare:workers';

/** The directory says again what the rows of `users` say. */
export async function rebuildDirectory(): Promise<void> {
  const { DB } = env as { DB: D1Database };
  await DB.batch(
    [
      'DELETE FROM logins',
      "INSERT INTO logins SELECT 'email', email, id FROM users WHERE email IS NOT NULL",
      "INSERT INTO logins SELECT 'username', username_key, id FROM users WHERE username_key IS NOT NULL",
      "INSERT INTO logins SELECT 'passkey', credential_id, user_id FROM passkeys",
    ].map((statement) => DB.prepare(statement)),
  );
}

/** What is in one of the two and not in the other; none in any test that writes through the Worker. */
export async function directoryFaults(): Promise<unknown[]> {
  const { DB } = env as { DB: D1Database };
  const inUsers = `SELECT 'email' AS kind, email AS key, id AS user_id FROM users WHERE email IS NOT NULL
    UNION ALL SELECT 'username', username_key, id FROM users WHERE username_key IS NOT NULL
    UNION ALL SELECT 'passkey', credential_id, user_id FROM passkeys`;
  const { results } = await DB.prepare(
    `SELECT * FROM (SELECT * FROM logins EXCEPT SELECT * FROM (${inUsers}))
      UNION ALL SELECT * FROM (SELECT * FROM (${inUsers}) EXCEPT SELECT * FROM logins)`,
  ).all();
  return results;
}
