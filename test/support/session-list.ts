/** The list of sessions as its endpoints show it. */
import { expect } from 'vitest';
import { claimsOf, type Person, type World } from './world.ts';

export interface Listed {
  id: string;
  current: boolean;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  user_agent: string | null;
  ip: string | null;
  country: string | null;
}
export interface Pair {
  access: string;
  refresh: string;
}
export const sidOf = (pair: Pair) => claimsOf(pair.refresh).sid as string;

export const list = (w: World, token?: string) =>
  w.get('/account/sessions', token === undefined ? {} : { token });
export const listed = async (w: World, token: string) => {
  const answer = await list(w, token);
  expect(answer.status).toBe(200);
  return answer.body.sessions as Listed[];
};
export const idsOf = async (w: World, token: string) => (await listed(w, token)).map(({ id }) => id);
export const end = (w: World, token: string, id: string) =>
  w.delete(`/account/sessions/${id}`, undefined, { token });

/** A log-in a second after the last, so that the order by age is defined. */
export async function later(w: World, who: Person): Promise<Pair> {
  w.clock.advance(1);
  const answer = await w.logIn(who);
  expect(answer.status).toBe(200);
  return answer.body as Pair;
}
