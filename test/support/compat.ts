/** Sends the requests of test/data/compat to the service and returns its responses in the recorded form. */
import { tokenTo } from './mail.ts';
import { resigned } from './tokens.ts';
import { type Answer, person, type World } from './world.ts';

export interface CompatRequest {
  method: string;
  path: string;
  body?: unknown;
  /** Content-Type; JSON by default. */
  type?: string;
  /** An access token. */
  token?: string;
  /** Requests to send first. */
  before?: CompatRequest[];
}

type Someone = { username: string; email: string; access: string; refresh: string };

const PASSWORD = 'correct horse battery';

/** Only letters: a password equal to the username must fail for nothing but its similarity. */
function someone(who: string) {
  const letters = person('').email.replace(/@.*|[^a-z]/g, '');
  const username = `${who}${letters}`;
  return { username, email: `${username}@example.com`, password: PASSWORD };
}

/** Values for the names in a request, created on first use because sign-ups are slow. */
function namesOf(w: World, uidOf: (subject: string) => string, known: Record<string, string>) {
  const once = new Map<string, Promise<unknown>>();
  const only = <T>(name: string, make: () => Promise<T>): Promise<T> => {
    if (!once.has(name)) once.set(name, make());
    return once.get(name) as Promise<T>;
  };
  const user = (who: string): Promise<Someone> =>
    only(who, async () => {
      const person = someone(who);
      known[`${who}_username`] = person.username;
      known[`${who}_email`] = person.email;
      if (who === 'new') return { ...person, access: '', refresh: '' };
      const made = { ...person, ...(await w.signUp(person)) };
      if (who === 'inactive') await w.rows('UPDATE users SET is_active = 0 WHERE email = ?', made.email);
      return made;
    });
  const linkTo = async (who: string): Promise<[uid: string, token: string]> => {
    const [subject = '', token = ''] = (await tokenTo(w, (await user(who)).email)).split('.');
    return [uidOf(subject), token];
  };
  const reset = () =>
    only('reset', async () => {
      await w.post('/account/password/reset', { email: (await user('user')).email });
      return linkTo('user');
    });
  const expired = (token: string) => resigned(token, { exp: w.clock.now - 3_600 });

  const makers: Record<string, () => Promise<string>> = {
    password: async () => PASSWORD,
    access: async () => (await user('user')).access,
    refresh: async () => (await user('user')).refresh,
    expired_access: async () => expired((await user('user')).access),
    expired_refresh: async () => expired((await user('user')).refresh),
    ended_refresh: async () => {
      const { email } = await user('user');
      const { refresh } = (await w.logIn({ email, password: PASSWORD })).body;
      await w.logOut(refresh);
      return refresh;
    },
    nobody_uid: async () => uidOf(crypto.randomUUID()),
    reset_uid: async () => (await reset())[0],
    reset_token: async () => (await reset())[1],
    verify_uid: async () => (await linkTo('pending'))[0],
    verify_token: async () => (await linkTo('pending'))[1],
    verify_key: async () => tokenTo(w, (await user('pending')).email),
  };
  return (name: string): Promise<string> =>
    only(`{${name}}`, async () => {
      const make = makers[name];
      if (make) return make();
      const [who = '', field = ''] = name.split('_');
      return (await user(who))[field as keyof Someone];
    });
}

/** Every request gets users of its own. `uidOf`: how the library encodes an id. */
export async function sendCompat(w: World, request: CompatRequest, uidOf: (subject: string) => string) {
  const known: Record<string, string> = {};
  const named = namesOf(w, uidOf, known);
  const fill = async <T>(value: T): Promise<T> => {
    let text = JSON.stringify(value);
    for (const [, name = ''] of text.matchAll(/\{(\w+)\}/g)) {
      text = text.replaceAll(`{${name}}`, await named(name));
    }
    return JSON.parse(text);
  };
  const send = async (asked: CompatRequest): Promise<Answer> => {
    const { method, path, body, token, type = 'application/json' } = await fill(asked);
    const text =
      type === 'application/x-www-form-urlencoded'
        ? String(new URLSearchParams(body as Record<string, string>))
        : typeof body === 'string'
          ? body
          : JSON.stringify(body);
    return w.ask(method, path, {
      ...(text !== undefined && { body: text, headers: { 'Content-Type': type } }),
      ...(token !== undefined && { token }),
    });
  };
  for (const first of request.before ?? []) await send({ ...request, ...first });
  const { status, body } = await send(request);
  return { status, body: blur(body ?? null, known) };
}

/** Replaces values that vary by their kind, and known values by their names. */
function blur(value: unknown, known: Record<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => blur(one, known));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, blur(one, known)]));
  }
  if (typeof value !== 'string') return value;
  const name = Object.keys(known).find((one) => known[one] === value);
  if (name) return `{${name}}`;
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) return '{jwt}';
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return '{uuid}';
  return /^\d{4}-\d\d-\d\dT/.test(value) ? '{time}' : value;
}
