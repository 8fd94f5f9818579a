/** The migrations are the truth; the Drizzle schema says the same; and every statement of an endpoint finds its rows by key. */
import { env } from 'cloudflare:workers';
import { is } from 'drizzle-orm';
import { getTableConfig, type SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { connectD1 } from '../../src/db/client.ts';
import { d1Sweeper } from '../../src/db/d1-sweep.ts';
import * as schema from '../../src/db/schema.ts';
import { CONNECTION_CALLS, PROVIDER_VARS, providerFetch } from '../support/connection-calls.ts';
import { capturedLog } from '../support/log.ts';
import { giveMethod, KINDS } from '../support/sign-in-methods.ts';
import { type Statement, watchedD1 } from '../support/watched-d1.ts';
import { person, type Vars, type World, world } from '../support/world.ts';

capturedLog();
const { rows } = world();
const TABLES = (Object.values(schema) as unknown[]).filter((value) => is(value, SQLiteTable));
const CONFIGS = TABLES.map((table) => getTableConfig(table));
const named = CONFIGS.map((config): [string, (typeof CONFIGS)[number]] => [config.name, config]);

interface ColumnInfo {
  name: string;
  type: string;
  notnull: number;
  dflt_value: string | null;
  pk: number;
  hidden: number;
}
const columnsOf = (table: string) =>
  rows<ColumnInfo>('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', table);

describe('the migrations and the Drizzle schema', () => {
  const ours = async () =>
    (
      await rows<{ name: string; strict: number; wr: number }>(
        "SELECT name, strict, wr FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'd1_migrations' ORDER BY name",
      )
    ).map(({ name, ...rest }) => ({ name, ...rest }));

  it('have the same tables, all of them STRICT and WITHOUT ROWID', async () => {
    const expected = CONFIGS.map(({ name }) => ({ name, strict: 1, wr: 1 }));
    expect(await ours()).toEqual(expected.sort((a, b) => (a.name < b.name ? -1 : 1)));
    expect(CONFIGS.length).toBeGreaterThanOrEqual(6);
  });

  const inSql = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));
  const defaultOf = (column: SQLiteColumn) =>
    column.default === undefined ? null : inSql(column.mapToDriverValue(column.default));

  it.each(named)('agree on the columns of %s, in the same order', async (name, { columns }) => {
    const inD1 = await columnsOf(name);
    expect(inD1.map((column) => ({ ...column, pk: undefined }))).toEqual(
      columns.map((column) => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        notnull: column.notNull ? 1 : 0,
        dflt_value: defaultOf(column),
        hidden: 0,
      })),
    );
  });

  it.each(named)('agree on the primary key of %s', async (name, { columns, primaryKeys }) => {
    const inD1 = (await columnsOf(name)).filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    const own = columns.filter(({ primary }) => primary).map((column) => column.name);
    const together = primaryKeys.flatMap((key) => key.columns.map((column) => column.name));
    expect(inD1.map((column) => column.name)).toEqual([...own, ...together]);
    expect(inD1.length).toBeGreaterThan(0);
  });

  it.each(named)('agree on the foreign keys of %s', async (name, { foreignKeys }) => {
    const inD1 = await rows('SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(?)', name);
    expect(inD1).toEqual(
      foreignKeys.map((key) => {
        const { columns, foreignTable, foreignColumns } = key.reference();
        return {
          table: getTableConfig(foreignTable).name,
          from: columns[0]?.name,
          to: foreignColumns[0]?.name,
          on_delete: key.onDelete?.toUpperCase(),
        };
      }),
    );
  });
});

describe('an index', () => {
  it('exists only where a request needs it: each costs a written row', async () => {
    const indexes = await rows<{ name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
    );
    expect(indexes.map(({ sql }) => sql)).toEqual([
      'CREATE INDEX account_events_dead ON account_events (dead_at) WHERE dead_at IS NOT NULL',
      'CREATE INDEX account_events_due ON account_events (due_at) WHERE due_at IS NOT NULL',
      'CREATE INDEX admin_log_actor ON admin_log (actor_id)',
      'CREATE INDEX admin_log_subject ON admin_log (subject_id)',
      'CREATE INDEX users_staff ON users (id) WHERE is_staff = 1',
    ]);
  });
});

describe('the tables refuse', () => {
  const user = (change: Record<string, unknown>) => {
    const row = {
      id: crypto.randomUUID(),
      email: `${crypto.randomUUID()}@example.com`,
      password_hash: 'x',
      date_joined: 1,
      ...change,
    };
    const names = Object.keys(row);
    return rows(
      `INSERT INTO users (${names.join()}) VALUES (${names.map(() => '?').join()})`,
      ...Object.values(row),
    );
  };

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a flag of 2', { is_active: 2 }, /CHECK/],
    ['a staff flag of -1', { is_staff: -1 }, /CHECK/],
    ['a user with no name to log in by', { email: null }, /CHECK/],
    ['a user without a hash', { password_hash: null }, /NOT NULL/],
    ['an id of null', { id: null }, /NOT NULL/],
    ['text for a time', { date_joined: 'yesterday' }, /cannot store TEXT/],
    ['a fraction for a time', { date_joined: 1.5 }, /cannot store REAL/],
  ])('%s', async (_, change, error) => {
    await expect(user(change)).rejects.toThrow(error);
  });

  it('a second user with one address, and with one username', async () => {
    const enter = (kind: string, key: string) =>
      rows('INSERT INTO logins (kind, key, user_id) VALUES (?, ?, ?)', kind, key, crypto.randomUUID());
    const key = person().email;
    for (const kind of ['email', 'username']) {
      await enter(kind, key);
      await expect(enter(kind, key)).rejects.toThrow(/UNIQUE/);
    }
  });

  it('but allow many users without an address', async () => {
    await user({ email: null, username_key: crypto.randomUUID() });
    await expect(user({ email: null, username_key: crypto.randomUUID() })).resolves.toEqual([]);
  });

  it('and give a new user their defaults', async () => {
    const id = crypto.randomUUID();
    await user({ id });
    expect(await rows('SELECT * FROM users WHERE id = ?', id)).toMatchObject([
      { is_active: 1, is_staff: 0, password_version: 1, last_login_at: null, email_verified_at: null },
    ]);
  });
});

describe('every statement of an endpoint finds its rows by key', () => {
  const watched = watchedD1();
  const worldOf = (vars: Vars = {}) => world({ bindings: { DB: watched.DB }, vars });
  const NEW_PASSWORD = 'another horse entirely';

  /** No scan of a table: no table at all, what a subquery gave, the JSON of one row, the first rows of a partial index. */
  const HARMLESS =
    /^SCAN (CONSTANT ROW|json_each |newest$|\(subquery-\d+\)|other USING (COVERING )?INDEX users_staff)/;

  async function plansOf(statements: readonly Statement[]): Promise<[string, string[]][]> {
    const distinct = new Map(statements.map((statement) => [statement.sql, statement]));
    return Promise.all(
      [...distinct.values()].map(async ({ sql, params }): Promise<[string, string[]]> => {
        const plan = await rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params);
        return [sql, plan.map(({ detail }) => detail)];
      }),
    );
  }
  const scansOf = (plans: readonly [string, string[]][]) =>
    plans.flatMap(([sql, details]) =>
      details
        .filter((detail) => detail.startsWith('SCAN') && !HARMLESS.test(detail))
        .map((detail) => [detail, sql]),
    );

  type Someone = Awaited<ReturnType<World['signUp']>>;
  const mailed = async (w: World, who: { email: string }): Promise<string> => {
    const { messages } = (await w.get(`/dev/mail?to=${encodeURIComponent(who.email)}`)).body;
    return messages[0].token;
  };

  type Case = [string, (who: Someone, w: World) => Promise<{ status: number }>, number];
  const endpoints: Case[] = [
    [
      'sign-up',
      (_, w) => w.post('/account/sign-up', { ...person(), username: crypto.randomUUID().slice(0, 8) }),
      201,
    ],
    ['sign-up of a taken address', (who, w) => w.post('/account/sign-up', who), 409],
    ['log-in by e-mail, which evicts', (who, w) => w.logIn(who).then(() => w.logIn(who)), 200],
    [
      'log-in by username',
      (who, w) => w.logIn({ username: `u${who.user.id.slice(-8)}`, password: who.password }),
      401,
    ],
    ['log-in that replaces the hash', (who) => worldOf({ PASSWORD_ITERATIONS: '2000' }).logIn(who), 200],
    ['refresh', (who, w) => w.refresh(who.refresh), 200],
    [
      'refresh of a replayed token',
      async (who, w) => {
        await w.refresh(who.refresh);
        w.clock.advance(61);
        return w.refresh(who.refresh);
      },
      401,
    ],
    [
      'refresh without rotation',
      (who) => worldOf({ ROTATE_REFRESH_TOKENS: 'false' }).refresh(who.refresh),
      200,
    ],
    ['verify of a refresh token', (who, w) => w.verify(who.refresh), 200],
    ['me', (who, w) => w.me(who.access), 200],
    [
      'a change of name and username',
      (who, w) =>
        w.patch('/account/me', { name: 'x', username: `p${who.user.id.slice(-8)}` }, { token: who.access }),
      200,
    ],
    ['log-out', (who, w) => w.logOut(who.refresh), 204],
    [
      'withdrawal',
      (who, w) => w.delete('/account/me', { password: who.password }, { token: who.access }),
      204,
    ],
    ['the export of one’s own data', (who, w) => w.get('/account/export', { token: who.access }), 200],
    ['the list of sessions', (who, w) => w.get('/account/sessions', { token: who.access }), 200],
    [
      'the end of a session',
      (who, w) => w.delete(`/account/sessions/${crypto.randomUUID()}`, undefined, { token: who.access }),
      404,
    ],
    [
      'the end of all sessions',
      (who, w) => w.delete('/account/sessions', undefined, { token: who.access }),
      204,
    ],
    [
      'a change of password',
      (who, w) =>
        w.post(
          '/account/password/change',
          { current_password: who.password, new_password: NEW_PASSWORD },
          { token: who.access },
        ),
      204,
    ],
    [
      'a removal of the password',
      async (who, w) => {
        await w.rows('UPDATE users SET passkey_count = 1 WHERE id = ?', who.user.id);
        return w.delete('/account/password', { password: who.password }, { token: who.access });
      },
      204,
    ],
    ['the request for a reset', (who, w) => w.post('/account/password/reset', { email: who.email }), 202],
    [
      'a reset',
      async (who, w) => {
        await w.post('/account/password/reset', { email: who.email });
        return w.post('/account/password/reset/confirm', {
          token: await mailed(w, who),
          new_password: NEW_PASSWORD,
        });
      },
      204,
    ],
    [
      'a new verification mail',
      (who, w) => w.post('/account/email/verify/resend', {}, { token: who.access }),
      202,
    ],
    [
      'the verification of an address',
      async (who, w) => w.post('/account/email/verify', { token: await mailed(w, who) }),
      204,
    ],
    [
      '“This wasn’t me”',
      async (who, w) => w.post('/account/email/disown', { token: await mailed(w, who) }),
      204,
    ],
    [
      'a change of address',
      async (who, w) => {
        const email = person('moved').email;
        await w.post(
          '/account/email/change',
          { new_email: email, password: who.password },
          { token: who.access },
        );
        return w.post('/account/email/verify', { token: await mailed(w, { email }) });
      },
      204,
    ],
    [
      'taking an address back',
      async (who, w) => {
        const email = person('moved').email;
        const change = { new_email: email, password: who.password };
        await w.post('/account/email/change', change, { token: who.access });
        await w.post('/account/email/verify', { token: await mailed(w, { email }) });
        return w.post('/account/email/take-back', { token: await mailed(w, who) });
      },
      200,
    ],
    ['the request for a code', (who, w) => w.post('/account/login/email', { email: who.email }), 202],
    [
      'a sign-in by a code',
      async (who, w) => {
        await w.post('/account/email/verify', { token: await mailed(w, who) });
        await w.post('/account/login/email', { email: who.email });
        const wrong = { email: who.email, code: '00000000' };
        await w.post('/account/login/email/confirm', wrong);
        return w.post('/account/login/email/confirm', { token: await mailed(w, who) });
      },
      200,
    ],
    [
      'a sign-in by a code that passes an account on',
      async (who, w) => {
        await w.post('/account/login/email', { email: who.email });
        return w.post('/account/login/email/confirm', { token: await mailed(w, who) });
      },
      200,
    ],
    [
      'a sign-in by a code to an imported account',
      async (who, w) => {
        await rows('DELETE FROM one_time_tokens WHERE subject = ?', who.user.id);
        await w.post('/account/login/email', { email: who.email });
        return w.post('/account/login/email/confirm', { token: await mailed(w, who) });
      },
      200,
    ],
    [
      'a sign-up by a code',
      async (_, w) => {
        const { email } = person();
        await w.post('/account/login/email', { email });
        return w.post('/account/login/email/confirm', { token: await mailed(w, { email }) });
      },
      201,
    ],
    ...KINDS.map(
      (kind): Case => [
        `the removal of one of the ${kind} by staff`,
        async (who, w) => {
          await rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
          const id = await giveMethod(kind, who.user.id, rows);
          return w.delete(`/admin/api/users/${who.user.id}/${kind}/${id}`, undefined, { token: who.access });
        },
        204,
      ],
    ),
    ['readyz', (_, w) => w.get('/readyz'), 200],
    ['simplejwt’s blacklist', (who, w) => w.post('/api/token/blacklist', { refresh: who.refresh }), 200],
  ];

  it.each(endpoints)('%s', async (_, call, status) => {
    const w = worldOf({ MAX_SESSIONS_PER_USER: '2', SIGN_IN_BY_EMAIL: 'on' });
    const who = await w.signUp();
    watched.trips.length = 0;
    expect((await call(who, w)).status).toBe(status);
    const statements = watched.trips.flatMap((trip) => trip.statements);
    const plans = await plansOf(statements);
    expect(plans.length).toBeGreaterThan(0);
    expect(scansOf(plans)).toEqual([]);
    const searches = plans.flatMap(([, details]) => details.filter((detail) => detail.startsWith('SEARCH')));
    expect(searches.length).toBeGreaterThan(0);
  });

  it.each(CONNECTION_CALLS)('$name', async ({ success, vars, ready }) => {
    const w = world({
      bindings: { DB: watched.DB },
      vars: { ...PROVIDER_VARS, ...vars },
      parts: { fetch: providerFetch },
    });
    const { ask } = await ready(w, await w.signUp());
    watched.trips.length = 0;
    expect((await ask(w)).status).toBe(success);
    const plans = await plansOf(watched.trips.flatMap((trip) => trip.statements));
    expect(plans.length).toBeGreaterThan(0);
    expect(scansOf(plans)).toEqual([]);
  });

  it('a sign-up in verify mode, and its confirmation', async () => {
    const w = worldOf({ SIGN_UP: 'verify' });
    const who = person();
    watched.trips.length = 0;
    expect((await w.post('/account/sign-up', who)).status).toBe(202);
    const proof = { token: await mailed(w, who), password: who.password };
    expect((await w.post('/account/email/verify', proof)).status).toBe(204);
    expect(scansOf(await plansOf(watched.trips.flatMap((trip) => trip.statements)))).toEqual([]);
  });

  it('the test detects one that does not', async () => {
    const plans = await plansOf([{ sql: 'SELECT 1 FROM users WHERE name = ?', params: ['x'] }]);
    expect(scansOf(plans)).toHaveLength(1);
  });

  describe('the sweep', () => {
    const sweeper = d1Sweeper(connectD1(watched.DB, 5_000));
    beforeAll(async () => {
      const w = worldOf();
      const who = await w.signUp();
      for (let i = 0; i < 4; i++) await w.logIn(who);
    });

    it('finds expired entries of the blacklist at the low end of the key', async () => {
      watched.trips.length = 0;
      await sweeper.revokedTokens(1_000, 10);
      const plans = await plansOf(watched.trips.flatMap((trip) => trip.statements));
      expect(scansOf(plans)).toEqual([]);
      expect(plans[0]?.[1].join()).toMatch(/SEARCH revoked_tokens USING PRIMARY KEY \(expires_at<\?\)/);
    });

    it('continues its walk by primary key, never from the beginning', async () => {
      const first = await sweeper.page('sessions', [], 0, 2, 1);
      watched.trips.length = 0;
      await sweeper.page('sessions', first.cursor ?? [], 0, 2, 1);
      const plans = await plansOf(watched.trips.flatMap((trip) => trip.statements));
      expect(scansOf(plans)).toEqual([]);
      expect(plans.flatMap(([, details]) => details).join()).toMatch(/SEARCH sessions USING PRIMARY KEY/);
    });
  });
});

describe('the migrations', () => {
  it('have been applied, each once and in order', async () => {
    const applied = await rows<{ name: string }>('SELECT name FROM d1_migrations ORDER BY id');
    const names = (env.MIGRATIONS as { name: string }[]).map(({ name }) => name);
    expect(applied.map(({ name }) => name)).toEqual(names);
    expect(names).toEqual([...names].sort());
  });
});
