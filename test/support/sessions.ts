/** What tokens and sessions are held against. */
import { expect } from 'vitest';
import type { Answer, World } from './world.ts';

export const BLACKLISTED = { status: 401, code: 'token_not_valid', detail: 'Token is blacklisted' };
export const REFRESH_INVALID = { status: 401, code: 'token_not_valid', detail: 'Token is invalid' };
export const REFRESH_EXPIRED = { status: 401, code: 'token_not_valid', detail: 'Token is expired' };
export const ACCESS_INVALID = {
  status: 401,
  code: 'token_not_valid',
  detail: 'Given token not valid for any token type',
};
export const distinct = <T>(values: readonly T[]) => [
  ...new Set(values.map((value) => JSON.stringify(value))),
];
export const refreshOf = ({ body }: Answer): string => body.refresh as string;
export const accessOf = ({ body }: Answer): string => body.access as string;

/** A pair of a session that `w` refreshes once: the consumed token, and its successor. */
export async function rotated(w: World) {
  const who = await w.signUp();
  const answer = await w.refresh(who.refresh);
  expect(answer.status).toBe(200);
  return { ...who, used: who.refresh, newest: refreshOf(answer), newestAccess: accessOf(answer) };
}

/** Both tokens of a session are refused at every endpoint; at verify first, as any other tells KV what it finds. */
export async function expectDead(w: World, tokens: { access: string; refresh: string }) {
  expect((await w.verify(tokens.access)).status).toBe(401);
  expect((await w.verify(tokens.refresh)).status).toBe(401);
  expect((await w.me(tokens.access)).status).toBe(401);
  expect((await w.refresh(tokens.refresh)).status).toBe(401);
}

export async function expectAlive(w: World, tokens: { access: string; refresh: string }) {
  expect((await w.me(tokens.access)).status).toBe(200);
  expect((await w.verify(tokens.access)).status).toBe(200);
  expect((await w.verify(tokens.refresh)).status).toBe(200);
  expect((await w.refresh(tokens.refresh)).status).toBe(200);
}
