/**
 * Two Workers, each an isolate of its own, over one D1 database and one KV namespace, as a deployment has them in
 * different places: what must hold between a log-in at one and a change of staff at the other.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTwoWorkers } from './support/two-workers.ts';

const ROUNDS = 12;
const PASSWORD = 'correct horse battery';

interface Tokens {
  access: string;
  refresh: string;
}

let workers: Awaited<ReturnType<typeof openTwoWorkers>>;
beforeAll(async () => {
  workers = await openTwoWorkers();
}, 120_000);
afterAll(() => workers.close());

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    sub: string;
    sid: string;
    is_staff?: boolean;
  };

type Ask = (
  method: string,
  path: string,
  body?: object,
  token?: string,
) => Promise<{ status: number; body: never }>;
const signUp = async (ask: Ask) => {
  const email = `${crypto.randomUUID()}@example.com`;
  const { body } = await ask('POST', '/account/sign-up', { email, password: PASSWORD });
  return { email, ...(body as { user: { id: string } } & Tokens) };
};

async function makeStaff() {
  const { one: ask, run } = workers;
  const who = await signUp(ask);
  await run('UPDATE users SET is_staff = 1, email_verified_at = 1 WHERE id = ?', who.user.id);
  const { body } = await ask('POST', '/account/login', { email: who.email, password: PASSWORD });
  return { ...who, ...(body as Tokens) };
}

describe('log-ins at one Worker during a change of staff at another', () => {
  it.each([
    ['demotion', 1, false],
    ['promotion', 0, true],
  ])('a %s leaves no live session with the old staff flag in its token', async (_, before, is_staff) => {
    const { one, other, run } = workers;
    const boss = await makeStaff();
    const outcomes: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const who = await signUp(one);
      await run('UPDATE users SET is_staff = ?, email_verified_at = 1 WHERE id = ?', before, who.user.id);
      const [changed, ...logIns] = await Promise.all([
        // At another moment of the log-ins in each round.
        new Promise((resolve) => setTimeout(resolve, round * 4)).then(() =>
          other('PATCH', `/admin/api/users/${who.user.id}`, { is_staff }, boss.access),
        ),
        ...Array.from({ length: 3 }, () =>
          one('POST', '/account/login', { email: who.email, password: PASSWORD }),
        ),
      ]);
      expect(changed.status).toBe(200);
      for (const { status, body } of logIns) {
        outcomes.push(String(status));
        if (status !== 200) continue;
        const { access } = body as Tokens;
        const { sub, sid, is_staff: said = false } = claimsOf(access);
        const [row] = await run('SELECT revoked_at FROM sessions WHERE user_id = ? AND id = ?', sub, sid);
        const live = row?.revoked_at === null;
        expect({ live, said: live ? said : is_staff }).toEqual({ live, said: is_staff });
      }
    }
    // The race took place: some log-ins came before it or after it, and none ended in another way.
    expect(outcomes.filter((status) => status !== '200' && status !== '401')).toEqual([]);
    expect(outcomes).toContain('200');
  });
});
