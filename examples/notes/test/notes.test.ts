import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { accessToken, request, user } from './support.ts';

describe('the notes', () => {
  it('are kept, listed newest first and deleted', async () => {
    const call = await user();
    const first = await call('POST', '', { text: ' Buy milk ' });
    expect([first.status, first.body.text]).toEqual([201, 'Buy milk']);
    // The next millisecond: ids sort by age.
    const before = Date.now();
    while (Date.now() === before) await env.NOTES.prepare('SELECT 1').run();
    await call('POST', '', { text: 'Call Joon' });
    const { body } = await call('GET');
    expect(body.notes.map(({ text }) => text)).toEqual(['Call Joon', 'Buy milk']);
    expect((await call('DELETE', `/${first.body.id}`)).status).toBe(204);
    expect((await call('DELETE', `/${first.body.id}`)).status).toBe(404);
    expect((await call('GET')).body.notes).toHaveLength(1);
  });

  it.each([
    [{}],
    [{ text: '' }],
    [{ text: '  ' }],
    [{ text: 7 }],
    [{ text: 'x'.repeat(1_001) }],
    ['no JSON'],
    ['null'],
  ])('refuse %j', async (body) => {
    const call = await user();
    expect(await call('POST', '', body)).toMatchObject({ status: 400, body: { detail: expect.any(String) } });
    expect((await call('GET')).body.notes).toEqual([]);
  });

  it('refuse a body that is too large', async () => {
    const call = await user();
    expect((await call('POST', '', { text: 'x'.repeat(10_000) })).status).toBe(413);
  });

  it('are a hundred at most, however many are written at once', async () => {
    const call = await user();
    for (let i = 0; i < 98; i++) await call('POST', '', { text: `Note ${i}` });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => call('POST', '', { text: 'One more' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409]);
    expect((await call('GET')).body.notes).toHaveLength(100);
  });

  it('are visible to nobody else', async () => {
    const [one, other] = [await user(), await user()];
    const { body } = await one('POST', '', { text: 'Mine' });
    expect((await other('GET')).body.notes).toEqual([]);
    expect((await other('DELETE', `/${body.id}`)).status).toBe(404);
    expect((await one('GET')).body.notes).toHaveLength(1);
  });
});

describe('the API', () => {
  const get = (token?: string) =>
    request('/api/notes', token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } });

  it('is closed without a token', async () => {
    expect((await get()).status).toBe(401);
  });

  it.each([
    ['has expired', { exp: 1 }],
    ['is a refresh token', { token_type: 'refresh' }],
  ])('is closed to a token that %s', async (_, changes) => {
    expect((await get(await accessToken('mina', changes))).status).toBe(401);
  });

  it('is closed to a token whose session has ended', async () => {
    const sid = crypto.randomUUID();
    const token = await accessToken('mina', { sid });
    await env.BLACKLIST.put(`revoked:${sid}`, 'logged_out');
    expect((await get(token)).status).toBe(401);
  });

  it('is not cached', async () => {
    const answer = await get(await accessToken('mina'));
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
  });
});

describe('the page', () => {
  it('may only load scripts of its own and of the account service', async () => {
    const answer = await request('/');
    expect(await answer.text()).toContain('<title>Notes</title>');
    expect(answer.headers.get('Content-Security-Policy')).toContain(
      "default-src 'none'; script-src 'self' https://accounts.example.com;",
    );
  });
});
