/** Passkeys, while a store fails: adding, listing, renaming and removing them, signing in, and the two other proofs. */
import { expect } from 'vitest';
import { authenticator } from '../authenticator.ts';
import { ENCRYPTION_KEY } from '../totp.ts';
import { type Endpoint, holds, type Side, somebody } from './scenes.ts';
import { beginning, waiting } from './second-factor.ts';

type Who = Awaited<ReturnType<typeof somebody>>;

async function optionsOf({ w }: Side, path: string, token?: string) {
  const { status, body } = await w.post(path, {}, token === undefined ? {} : { token });
  expect(status).toBe(200);
  return body;
}
/** A passkey for somebody who is signed in. */
async function addTo<W extends Pick<Who, 'access'>>(calm: Side, who: W) {
  const device = authenticator();
  const credential = await device.create(await optionsOf(calm, '/account/passkeys/options', who.access));
  const added = await calm.w.post('/account/passkeys', { credential }, { token: who.access });
  expect(added.status).toBe(201);
  const signIn = async () => device.get(await optionsOf(calm, '/account/login/passkey/options'));
  return { ...who, device, signIn, id: added.body.id as string };
}
const enrolled = async (calm: Side) => addTo(calm, await somebody(calm));
const secondSession = (id: string) => () =>
  holds('SELECT 1 FROM sessions WHERE user_id = ? LIMIT 1 OFFSET 1', id);

export const PASSKEY_ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'the options of a registration',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await enrolled(calm);
      return { ...known, ask: ({ w }) => w.post('/account/passkeys/options', {}, { token: access }) };
    },
  },
  {
    name: 'adding a passkey',
    vars: { MAIL: 'inbox' },
    success: 201,
    again: 400,
    scene: async (calm) => {
      const { known, user, access } = await somebody(calm);
      const options = await optionsOf(calm, '/account/passkeys/options', access);
      const credential = await authenticator().create(options);
      return {
        ...known,
        ask: ({ w }) => w.post('/account/passkeys', { credential }, { token: access }),
        done: async () =>
          (await holds('SELECT 1 FROM users WHERE id = ? AND passkey_count = 1', user.id)) &&
          (await holds('SELECT 1 FROM passkeys WHERE user_id = ?', user.id)) &&
          (await holds("SELECT 1 FROM logins WHERE kind = 'passkey' AND user_id = ?", user.id)),
      };
    },
  },
  {
    name: 'the list of passkeys',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await enrolled(calm);
      return { ...known, ask: ({ w }) => w.get('/account/passkeys', { token: access }) };
    },
  },
  {
    name: 'another name for a passkey',
    success: 200,
    scene: async (calm) => {
      const { known, access, id } = await enrolled(calm);
      return {
        ...known,
        ask: ({ w }) => w.patch(`/account/passkeys/${id}`, { name: 'Phone' }, { token: access }),
        done: () => holds("SELECT 1 FROM passkeys WHERE id = ? AND name = 'Phone'", id),
      };
    },
  },
  {
    name: 'removing a passkey',
    vars: { MAIL: 'inbox' },
    success: 204,
    again: 404,
    scene: async (calm) => {
      const { known, user, access, id } = await enrolled(calm);
      return {
        ...known,
        ask: ({ w }) => w.delete(`/account/passkeys/${id}`, {}, { token: access }),
        done: async () =>
          (await holds('SELECT 1 FROM users WHERE id = ? AND passkey_count = 0', user.id)) &&
          !(await holds('SELECT 1 FROM passkeys WHERE user_id = ?', user.id)) &&
          !(await holds("SELECT 1 FROM logins WHERE kind = 'passkey' AND user_id = ?", user.id)),
      };
    },
  },
  {
    name: 'a sign-in with a passkey',
    success: 200,
    again: 401,
    scene: async (calm) => {
      const { known, user, signIn } = await enrolled(calm);
      const credential = await signIn();
      return {
        ...known,
        ask: ({ w }) => w.post('/account/login/passkey', { credential }),
        done: secondSession(user.id),
      };
    },
  },
  {
    name: 'a log-in finished with a passkey',
    vars: { ENCRYPTION_KEY },
    success: 200,
    again: 401,
    scene: async (calm, clock) => {
      const { signIn, ...begun } = await addTo(calm, await beginning(calm));
      const { known, user, mfa_token } = await waiting(calm, clock, begun);
      const passkey = await signIn();
      return {
        ...known,
        ask: ({ w }) => w.post('/account/login/second-factor', { mfa_token, passkey }),
        done: async () =>
          (await secondSession(user.id)()) &&
          !(await holds(
            "SELECT 1 FROM one_time_tokens WHERE subject = ? AND purpose = 'second_factor'",
            user.id,
          )),
      };
    },
  },
  {
    name: 'the options of fresh proof by a passkey',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await enrolled(calm);
      return { ...known, ask: ({ w }) => w.post('/account/reauthenticate/options', {}, { token: access }) };
    },
  },
  {
    name: 'fresh proof by a passkey',
    success: 200,
    again: 401,
    scene: async (calm) => {
      const { known, user, access, device } = await enrolled(calm);
      const passkey = await device.get(await optionsOf(calm, '/account/reauthenticate/options', access));
      return {
        ...known,
        ask: ({ w }) => w.post('/account/reauthenticate', { passkey }, { token: access }),
        done: () => holds("SELECT 1 FROM sessions WHERE user_id = ? AND amr LIKE '%mfa%'", user.id),
      };
    },
  },
];
