/** The console as a browser uses it: its form, its cookie, and a world of its own for each file. */
import { expect } from 'vitest';
import { type Answer, claimsOf, type Person, person, type World, world } from './world.ts';

export const w = world();
/** Another Worker at the same time: this one's clock was moved ahead of the machine's. */
export const beside = (options: Parameters<typeof world>[0] = {}) =>
  world({ ...options, now: w.clock.now * 1_000 });
const ORIGIN = 'http://localhost';
const COOKIE = '__Host-accounts_admin';
/** As browsers ask. */
export const PAGE = { Accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' };

export type Form = Record<string, string>;

export const post = (path: string, form: Form = {}, headers: Record<string, string> = {}, on: World = w) =>
  on.ask('POST', path, {
    body: new URLSearchParams(form).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: ORIGIN, ...PAGE, ...headers },
  });

export const cookieOf = (answer: Answer): string =>
  new RegExp(`${COOKIE}=([^;]*)`).exec(answer.headers.get('Set-Cookie') ?? '')?.[1] ?? '';

/** A browser with a cookie. */
export const browser = (cookie: string, on: World = w) => {
  const headers = { ...PAGE, Cookie: `${COOKIE}=${cookie}` };
  return {
    cookie,
    get: (path: string) => on.get(path, { headers }),
    post: (path: string, form?: Form, more: Record<string, string> = {}) =>
      post(path, form, { ...headers, ...more }, on),
  };
};

export const logInAt = (who: { email: string; password: string }, on: World = w) =>
  post('/admin/login', { username: who.email, password: who.password }, {}, on);

export async function makeStaff(name = 'admin', on: World = w) {
  const who = await on.signUp(person(name));
  await on.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
  return { ...who, id: who.user.id };
}
export async function atConsole(on: World = w) {
  const who = await makeStaff('admin', on);
  return { ...who, ...browser(cookieOf(await logInAt(who, on)), on) };
}
export async function makeUser(more: Partial<Person & { username: string; name: string }> = {}) {
  const who = await w.signUp({ ...person(), ...more });
  return { ...who, id: who.user.id };
}
/** Somebody with a pending change of address, and a link for a new password. */
export async function makeUserWithLinks() {
  const who = await makeUser();
  const wanted = { new_email: person('wanted').email, password: who.password };
  expect((await w.post('/account/email/change', wanted, { token: who.access })).status).toBe(202);
  await w.post('/account/password/reset', { email: who.email });
  return who;
}
export const linksOf = async (id: string) =>
  (await w.rows('SELECT purpose FROM one_time_tokens WHERE subject = ? ORDER BY 1', id)).map(
    ({ purpose }) => purpose,
  );
export const path = (id: string, more = '') => `/admin/users/${id}${more}`;
export const api = (id: string, more = '') => `/admin/api/users/${id}${more}`;
export const rowOf = async (id: string) => (await w.rows('SELECT * FROM users WHERE id = ?', id))[0];
export const historyOf = (id: string) =>
  w.rows('SELECT * FROM admin_log WHERE subject_id = ? ORDER BY id', id);
export const actionsOn = async (id: string) => (await historyOf(id)).map((row) => row.action);
export const location = (answer: Answer) => answer.headers.get('Location');
export const unique = (name = 'u') => `${name}${crypto.randomUUID().slice(0, 8)}`;

/** Every page and every act of the console; `:id` and `:sid` are filled in. */
export const PAGES = [
  '/admin',
  '/admin/users',
  '/admin/users/add',
  '/admin/users/:id',
  '/admin/users/:id/sessions',
  '/admin/users/:id/deactivate',
  '/admin/users/:id/demote',
  '/admin/users/:id/end-sessions',
  '/admin/users/:id/remove-factor',
  '/admin/users/:id/email',
  '/admin/users/:id/verify-email',
  '/admin/users/:id/password',
  '/admin/users/:id/remove-password',
  '/admin/users/:id/delete',
  '/admin/sessions',
  '/admin/revoked-tokens',
  '/admin/dead-letters',
  '/admin/history',
];
export const ENDPOINTS: [string, string, unknown?][] = [
  ['GET', '/overview'],
  ['GET', '/users'],
  ['GET', '/users/:id'],
  ['PATCH', '/users/:id', { name: 'Changed' }],
  ['GET', '/users/:id/factors'],
  ['GET', '/users/:id/passkeys'],
  ['GET', '/users/:id/connections'],
  ['GET', '/users/:id/sessions'],
  ['DELETE', '/users/:id/sessions/:sid'],
  ['DELETE', '/users/:id/sessions'],
  ['POST', '/users/:id/password-reset'],
  ['POST', '/users/:id/invitation'],
  ['GET', '/revoked-tokens'],
  ['GET', '/dead-letters'],
  ['GET', '/history'],
  ['POST', '/users', { email: ':email', password: 'correct horse battery' }],
  ['DELETE', '/users/:id'],
];

const TABLES = ['users', 'sessions', 'revoked_tokens', 'one_time_tokens', 'admin_log'];
export const everything = () => Promise.all(TABLES.map((table) => w.rows(`SELECT * FROM ${table}`)));

/** Fills in a user that nobody else has. */
export async function filled(
  template: string,
  form: unknown,
  who: { id: string; access: string; email?: string },
) {
  const fill = (text: string) =>
    text
      .replaceAll(':id', who.id)
      .replaceAll(':sid', String(claimsOf(who.access).sid))
      .replaceAll(':email', person().email)
      .replaceAll(':name', who.email ?? '');
  return { endpoint: fill(template), body: JSON.parse(fill(JSON.stringify(form ?? {}))) as Form };
}
