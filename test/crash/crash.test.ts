/** What was acknowledged is true, however often the server dies while it works. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../bench/lib/bundle.ts';
import { freePort } from '../scripts/support/dev-server.ts';
import { type Killable, killable } from './killable.ts';
import { jtiOf, type Person, type Population, population, type Session } from './people.ts';

const KILLS = 20;
const AT_ONCE = 24;
/** The server lives for a random number of answers up to this, so that a slow machine has as much to lose. */
const ANSWERS_AT_MOST = 120;

const folder = mkdtempSync(join(tmpdir(), 'hono-accounts-crash-'));
let server: Killable;
let world: Population;

beforeAll(async () => {
  const worker = join(folder, 'worker.js');
  writeFileSync(worker, await bundle('src/worker.ts'));
  server = killable(worker, join(folder, 'state'), await freePort());
  world = population(server);
  await server.start();
  const stop = new AbortController();
  const lives = Array.from({ length: AT_ONCE }, () => world.live(stop.signal));
  for (let kill = 0; kill < KILLS; kill += 1) {
    const until = server.answered() + randomInt(ANSWERS_AT_MOST);
    while (server.answered() < until) await sleep(1);
    await server.kill();
    await server.start();
  }
  stop.abort();
  await Promise.all(lives);
}, 300_000);

afterAll(async () => {
  await server?.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  const withdrawn = world.people.filter(({ isWithdrawn }) => isWithdrawn).length;
  const sessions = world.people.flatMap((person) => person.sessions);
  const lines = Object.entries(world.counts).map(
    ([act, { answered, lost }]) =>
      `  ${act.padEnd(15)}${String(answered).padStart(6)} answered${String(lost).padStart(6)} lost`,
  );
  console.log(
    [
      `${KILLS} kills; ${world.people.length} users, ${withdrawn} of them withdrawn; ${sessions.length} sessions`,
      ...lines,
    ].join('\n'),
  );
});

/** Asks of many at once, as far as a local D1 is glad of it; answers those for whom it is not so. */
async function exceptions<T>(subjects: readonly T[], isSo: (subject: T) => Promise<boolean>): Promise<T[]> {
  const found: T[] = [];
  const rest = [...subjects];
  const work = async () => {
    for (let subject = rest.pop(); subject !== undefined; subject = rest.pop()) {
      if (!(await isSo(subject))) found.push(subject);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

const sessionsOf = (people: readonly Person[], isOut: boolean) =>
  people.flatMap(({ sessions }) => sessions).filter((session) => session.isOut === isOut);
const refresh = ({ refresh }: Session) =>
  server.send('POST', '/account/token/refresh', { json: { refresh } });
const me = ({ access }: Session) => server.send('GET', '/account/me', { access });

it('lost answers of every kind, and each request could be retried', () => {
  expect(world.faults).toEqual([]);
  for (const { answered } of Object.values(world.counts)) expect(answered).toBeGreaterThan(0);
  const lost = Object.values(world.counts).reduce((sum, count) => sum + count.lost, 0);
  expect(lost).toBeGreaterThan(KILLS);
});

it('logs in everybody who has an account, and nobody else', async () => {
  const wrong = await exceptions(world.people, async ({ email, password, isWithdrawn }) => {
    const { status } = await server.send('POST', '/account/login', { json: { email, password } });
    return status === (isWithdrawn ? 401 : 200);
  });
  expect(wrong).toEqual([]);
});

it('keeps every session that was not logged out, with one refresh token', async () => {
  const alive = sessionsOf(world.people, false);
  expect(alive.length).toBeGreaterThan(0);
  const wrong = await exceptions(alive, async (session) => {
    if ((await me(session)).status !== 200) return false;
    const [first, second] = [await refresh(session), await refresh(session)];
    return (
      first.status === 200 &&
      second.status === 200 &&
      jtiOf(String(first.body.refresh)) === jtiOf(String(second.body.refresh))
    );
  });
  expect(wrong).toEqual([]);
});

it('opens no session that was ended by log-out, password change or withdrawal', async () => {
  const out = sessionsOf(world.people, true);
  expect(out.length).toBeGreaterThan(0);
  const wrong = await exceptions(
    out,
    async (session) => (await refresh(session)).status === 401 && (await me(session)).status === 401,
  );
  expect(wrong).toEqual([]);
});

it('leaves a consistent database, with nothing of users who withdrew', async () => {
  await server.kill();
  const d1 = readdirSync(join(folder, 'state'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => /d1/.test(file) && file.endsWith('.sqlite') && !file.endsWith('metadata.sqlite'),
  );
  expect(d1).toHaveLength(1);
  const database = new DatabaseSync(join(folder, 'state', d1[0] ?? ''));
  const rows = (sql: string) => database.prepare(sql).all();
  expect(rows('PRAGMA integrity_check').map((row) => Object.values(row)[0])).toEqual(['ok']);
  expect(rows('PRAGMA foreign_key_check')).toEqual([]);
  const kept = new Set(rows('SELECT email FROM users').map(({ email }) => email));
  expect(kept).toEqual(
    new Set(world.people.filter(({ isWithdrawn }) => !isWithdrawn).map(({ email }) => email)),
  );
  expect(rows('SELECT 1 FROM sessions WHERE user_id NOT IN (SELECT id FROM users)')).toEqual([]);
  expect(
    rows(`SELECT session_id FROM revoked_tokens AS token
      WHERE successor_jti IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = token.successor_jti)
      GROUP BY session_id HAVING count(*) > 1`),
  ).toEqual([]);
  database.close();
});
