/** The list of users as CSV. */
import { describe, expect, it } from 'vitest';
import { consoleWords } from '../../src/languages/en/console.ts';
import { atConsole, beside, browser, historyOf, location, makeUser, unique, w } from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';

const log = capturedLog();
const AT = '/admin/users/export';
type Console = Awaited<ReturnType<typeof atConsole>>;
const exported = async (admin: Pick<Console, 'post'>, form: Record<string, string> = {}) => {
  const answer = await admin.post(AT, form);
  return { answer, lines: answer.text.split('\r\n') };
};

describe('the export', () => {
  it('is a file with a line for each user of the list, in its order', async () => {
    const admin = await atConsole();
    const prefix = unique('csv');
    const people = [];
    for (const name of ['b', 'a', 'c'])
      people.push(await makeUser({ email: `${prefix}-${name}@example.com` }));
    const { answer, lines } = await exported(admin, { search: prefix, ordering: 'email' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('Content-Disposition')).toMatch(
      /^attachment; filename="users-\d{4}-\d\d-\d\d\.csv"$/,
    );
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect(lines[0]).toMatch(
      /^\ufeff?id,email,username,name,is_active,is_staff,email_verified,date_joined,last_login$/,
    );
    expect(lines.slice(1, -1).map((line) => line.split(',')[1])).toEqual(
      ['a', 'b', 'c'].map((name) => `"${prefix}-${name}@example.com"`),
    );
    const first = people[1];
    expect(lines[1]).toMatch(
      new RegExp(`^"${first?.id}","${first?.email}",,,true,false,false,"[^"]+Z","[^"]+Z"$`),
    );
    expect(lines.at(-1)).toBe('');
    expect(answer.text).not.toContain('pbkdf2');
  });

  it('has what the filters leave, and goes past the page that is shown', async () => {
    const admin = await atConsole();
    const all = await exported(admin, { limit: '1', cursor: 'x' });
    const [row] = await w.rows<{ n: number }>('SELECT count(*) AS n FROM users');
    expect(all.lines).toHaveLength(Number(row?.n) + 2);
    const staff = await exported(admin, { is_staff: 'true' });
    const [few] = await w.rows<{ n: number }>('SELECT count(*) AS n FROM users WHERE is_staff = 1');
    expect(staff.lines).toHaveLength(Number(few?.n) + 2);
  });

  it.each([
    ['=HYPERLINK("https://evil.example")', `"'=HYPERLINK(""https://evil.example"")"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['＝1', `"'＝1"`],
    ['a, "b"', `"a, ""b"""`],
    ['a;=1', `"a;=1"`],
    ['김미나', `"김미나"`],
  ])('is no formula in a spreadsheet: %s', async (name, cell) => {
    const admin = await atConsole();
    const who = await makeUser({ name });
    const { lines } = await exported(admin, { search: who.email });
    expect(lines[1]).toContain(`,,${cell},true,`);
  });

  it('is in the history, with its filters and without what was searched for', async () => {
    const admin = await atConsole();
    await exported(admin, { search: 'somebody@example.com', is_active: 'true' });
    expect(await historyOf(admin.id)).toMatchObject([
      { actor_id: admin.id, action: 'users.exported', detail: '{"search":[],"is_active":[null,true]}' },
    ]);
    expect(log.of('admin_acted')).toMatchObject([{ actor: admin.id, action: 'users.exported' }]);
  });

  it.each(['is_active', 'is_staff', 'email_verified', 'second_factor', 'passkey', 'connection'])(
    'keeps the filter %s in the history',
    async (filter) => {
      const admin = await atConsole();
      await exported(admin, { [filter]: 'false' });
      const [entry] = await historyOf(admin.id);
      expect(entry?.detail).toBe(JSON.stringify({ [filter]: [null, false] }));
      expect(Object.keys(consoleWords.fields)).toContain(filter);
    },
  );

  it('is for staff alone, and from a page of the console', async () => {
    const { access } = await makeUser();
    for (const cookie of ['', access]) {
      const answer = await browser(cookie).post(AT);
      expect([answer.status, location(answer)]).toEqual([303, '/admin/login']);
    }
    const admin = await atConsole();
    expect((await admin.post(AT, {}, { Origin: 'https://evil.example' })).status).toBe(403);
    expect(await historyOf(admin.id)).toEqual([]);
  });

  it('is refused where the staff member loses the right meanwhile', async () => {
    const admin = await atConsole();
    const { DB } = watchedD1({
      before: async ({ statements }) => {
        if (statements.length > 1) await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', admin.id);
      },
    });
    const late = browser(admin.cookie, beside({ bindings: { DB } }));
    expect((await late.post(AT)).status).toBe(403);
    expect(await historyOf(admin.id)).toEqual([]);
  });

  it('breaks off where a page cannot be read, so that nobody takes it for the whole', async () => {
    const admin = await atConsole();
    let noted = false;
    const { DB } = watchedD1({
      before: ({ statements }) => {
        if (noted) throw new Error('D1 is away');
        noted = statements.some(({ sql }) => /insert into "admin_log"/i.test(sql));
      },
    });
    const failing = browser(admin.cookie, beside({ bindings: { DB } }));
    await expect(failing.post(AT)).rejects.toThrow();
    expect(log.of('export_broken_off')).toMatchObject([{ user: admin.id, reason: 'at users' }]);
  });
});
