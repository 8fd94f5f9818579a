/** The inbox of development, as tests read it, and the requests that answer its mail. */
import { expect } from 'vitest';
import { person, type Vars, type World } from './world.ts';

/** The password of `person()`, and one to change it to. */
export const PASSWORD = 'correct horse battery';
export const OTHER_PASSWORD = 'staple of another colour';
/** The errors for a token from an email that is used, void, expired or unknown. */
export const DEAD_TOKEN = { token: ['token_not_valid'] };

export interface Mail {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  token: string | null;
  created_at: string;
}

/** What the inbox has for an address, newest first. */
export const mailsTo = async (w: World, email: string) =>
  (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body.messages as Mail[];
export const subjectsTo = async (w: World, email: string) =>
  (await mailsTo(w, email)).map(({ subject }) => subject);
/** What the newest mail to an address carries. */
export const tokenTo = async (w: World, email: string) => (await mailsTo(w, email))[0]?.token ?? 'no token';

export const verify = (w: World, token: unknown) => w.post('/account/email/verify', { token });
export const resend = (w: World, token: string) =>
  w.post('/account/email/verify/resend', undefined, { token });
export const askChange = (w: World, token: string, email: string, password = PASSWORD) =>
  w.post('/account/email/change', { new_email: email, password }, { token });
export const userOf = async (w: World, token: string) => (await w.me(token)).body;
export const tokensOf = (w: World, subject: string) =>
  w.rows<{ purpose: string; payload: string | null }>(
    'SELECT * FROM one_time_tokens WHERE subject = ?',
    subject,
  );
export const usersOf = (w: World, email: string) =>
  w.rows<Record<string, unknown>>('SELECT * FROM users WHERE email = ?', email);
export const username = () => `u${crypto.randomUUID().slice(0, 8)}`;

/** An address that is asked for, and the token that its mail carries. */
export async function wanted(w: World, access: string, email = person('wanted').email) {
  expect((await askChange(w, access, email)).status).toBe(202);
  return { email, token: await tokenTo(w, email) };
}

/** Cloudflare's e-mail binding, faked: records what it is asked to send. */
export function emailBinding(send: () => unknown = () => undefined) {
  const sent: Record<string, unknown>[] = [];
  return {
    sent,
    EMAIL: {
      send: (mail: Record<string, unknown>) => {
        sent.push(mail);
        return send();
      },
    },
  };
}
export const CLOUDFLARE: Vars = {
  MAIL: 'cloudflare',
  MAIL_FROM: 'accounts@example.org',
  PUBLIC_URL: 'https://accounts.example.org',
};
