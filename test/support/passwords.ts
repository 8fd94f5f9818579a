/** Requests about passwords, and what is held against their sessions. */
import { expect } from 'vitest';
import { codeOf, type World } from './world.ts';

const OLD = 'correct horse battery';
const NEW = 'staple of another colour';

export interface Pair {
  access: string;
  refresh: string;
}
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  token: string | null;
}

export const change = (w: World, token: string, next = NEW, current = OLD) =>
  w.post('/account/password/change', { current_password: current, new_password: next }, { token });
export const requestPasswordReset = (w: World, email: unknown) =>
  w.post('/account/password/reset', { email });
export const confirm = (w: World, token: unknown, next: unknown = NEW) =>
  w.post('/account/password/reset/confirm', { token, new_password: next });
export const logIn = (w: World, email: string, password: string) => w.logIn({ email, password });

/** What the inbox has for an address, newest first. */
export const mailsTo = async (w: World, email: string) =>
  (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body.messages as Mail[];

/** Asks for a reset and reads the mail. */
export async function resetToken(w: World, email: string): Promise<string> {
  expect((await requestPasswordReset(w, email)).status).toBe(202);
  return (await mailsTo(w, email))[0]?.token ?? '';
}

export const oneTimeTokensOf = (w: World, userId: string) =>
  w.rows<{ purpose: string; hash: string }>('SELECT * FROM one_time_tokens WHERE subject = ?', userId);

export async function expectDead(w: World, pair: Pair) {
  expect((await w.me(pair.access)).status).toBe(401);
  expect((await w.refresh(pair.refresh)).status).toBe(401);
  expect((await w.verify(pair.access)).status).toBe(401);
}
export async function expectAlive(w: World, pair: Pair) {
  expect((await w.me(pair.access)).status).toBe(200);
  expect((await w.verify(pair.access)).status).toBe(200);
  expect((await w.verify(pair.refresh)).status).toBe(200);
}
export async function expectPassword(w: World, email: string, good: string, bad: string) {
  expect((await logIn(w, email, good)).status).toBe(200);
  expect(codeOf(await logIn(w, email, bad))).toBe('no_active_account');
}

/** What a new password may be refused for; `{email}` stands for the local part of the person's own. */
export const WEAK: [string, string, string[]][] = [
  ['empty', '', ['blank']],
  ['a character too short', 'horse7x', ['password_too_short']],
  ['a character too long', 'ab'.repeat(128).concat('c'), ['password_too_long']],
  ['common', 'Password123', ['password_too_common']],
  ['numeric', '830284726183028472618302847261', ['password_entirely_numeric']],
  ['numeric in other digits', '٨٣٠٢٨٤٧٢٦١', ['password_entirely_numeric']],
  ['short, common and numeric', '1234567', ['password_too_short', 'password_entirely_numeric']],
  ['like the address', '{email}', ['password_too_similar']],
  ['half a surrogate pair', 'battery \ud800 horse', ['invalid']],
];

/** Somebody who has shown the mailbox. */
export async function verified(w: World) {
  const who = await w.signUp();
  const token = (await mailsTo(w, who.email))[0]?.token;
  expect((await w.post('/account/email/verify', { token })).status).toBe(204);
  return who;
}
