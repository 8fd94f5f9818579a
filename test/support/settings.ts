/** A pair of tokens that an accounts Worker takes, or does not. */
import { expect } from 'vitest';
import { type Answer, codeOf, type World } from './world.ts';

/** Both tokens of a session are good at every endpoint; answers the next pair. */
export async function expectGood(w: World, pair: { access: string; refresh: string }) {
  expect((await w.me(pair.access)).status).toBe(200);
  expect((await w.verify(pair.access)).status).toBe(200);
  expect((await w.verify(pair.refresh)).status).toBe(200);
  const next = await w.refresh(pair.refresh);
  expect(next.status).toBe(200);
  return next.body as { access: string; refresh: string };
}

export async function expectRefused(w: World, pair: { access: string; refresh: string }) {
  for (const answer of [
    await w.me(pair.access),
    await w.verify(pair.access),
    await w.verify(pair.refresh),
    await w.refresh(pair.refresh),
    await w.logOut(pair.refresh),
  ]) {
    expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
  }
}

export function expectMisconfigured(answer: Answer) {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  expect(answer.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
  expect(answer.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
  const { problems: _, ...body } = answer.body;
  expect(body).toStrictEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'The service is misconfigured.',
    code: 'misconfigured',
  });
}
