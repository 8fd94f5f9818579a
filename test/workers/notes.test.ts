/** examples/notes: its API, behind a guard of the same keys. */
import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { Webhook } from 'standardwebhooks';
import { beforeAll, describe, expect, it } from 'vitest';
import { onEvent } from '../../examples/notes/src/events.ts';
import { type NotesEnv, notesApi } from '../../examples/notes/src/notes.ts';
import { isAuthenticated } from '../../src/guard/index.ts';
import { person, world } from '../support/world.ts';

const bindings = { ...env, NOTES: env.DB } as never;
const notes = notesApi(isAuthenticated() as never);
beforeAll(() => applyD1Migrations(env.DB, env.NOTES_MIGRATIONS, 'notes_migrations'));

const w = world();
async function user() {
  const { access, user } = await w.signUp(person());
  const ask = async (method: string, path = '/', body?: unknown) => {
    const answer = await notes.request(
      path,
      {
        method,
        headers: { Authorization: `Bearer ${access}` },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      },
      bindings as NotesEnv['Bindings'],
    );
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('Content-Type') ?? '');
    return { status: answer.status, body: isJson ? JSON.parse(text) : undefined };
  };
  return Object.assign(ask, { id: user.id });
}

describe('the notes of the example', () => {
  it('are kept, listed newest first and deleted', async () => {
    const ask = await user();
    const first = await ask('POST', '/', { text: ' Buy milk ' });
    expect([first.status, first.body.text]).toEqual([201, 'Buy milk']);
    await ask('POST', '/', { text: 'Call Joon' });
    const { body } = await ask('GET');
    expect(body.notes.map(({ text }: { text: string }) => text).sort()).toEqual(['Buy milk', 'Call Joon']);
    expect((await ask('DELETE', `/${first.body.id}`)).status).toBe(204);
    expect((await ask('DELETE', `/${first.body.id}`)).status).toBe(404);
    expect((await ask('GET')).body.notes).toHaveLength(1);
  });

  it.each([
    [{}],
    [{ text: '' }],
    [{ text: '  ' }],
    [{ text: 7 }],
    [{ text: 'x'.repeat(1_001) }],
    ['no JSON'],
  ])('refuse %j', async (body) => {
    expect((await (await user())('POST', '/', body)).status).toBe(400);
  });

  it('are visible to nobody else', async () => {
    const [one, other] = [await user(), await user()];
    const { body } = await one('POST', '/', { text: 'Mine' });
    expect((await other('GET')).body.notes).toEqual([]);
    expect((await other('DELETE', `/${body.id}`)).status).toBe(404);
    expect((await one('GET')).body.notes).toHaveLength(1);
  });

  it('are a hundred at most, however many are written at once', async () => {
    const ask = await user();
    for (let i = 0; i < 98; i++) await ask('POST', '/', { text: `Note ${i}` });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ask('POST', '/', { text: 'One more' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(3);
    expect((await ask('GET')).body.notes).toHaveLength(100);
  });

  it('refuse a body that is too large unread', async () => {
    expect((await (await user())('POST', '/', { text: 'x'.repeat(10_000) })).status).toBe(413);
  });

  it('are closed to strangers', async () => {
    const answer = await notes.request('/', {}, bindings);
    expect(answer.status).toBe(401);
  });
});

describe('an event of the accounts', () => {
  const EVENTS_SECRET = `whsec_${btoa('a secret between notes and accounts')}`;
  const app = new Hono<NotesEnv>().post('/events', onEvent);
  const send = (event: object, secret = EVENTS_SECRET) => {
    const [id, at, body] = [crypto.randomUUID(), new Date(), JSON.stringify(event)];
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    };
    return app.request('/events', { method: 'POST', headers, body }, {
      ...env,
      NOTES: env.DB,
      EVENTS_SECRET,
    } as never);
  };
  const deleted = (user_id: string) => ({ type: 'user.deleted', timestamp: new Date(), data: { user_id } });

  it('of a deleted user deletes their notes, and nobody else’s', async () => {
    const [gone, other] = [await user(), await user()];
    await gone('POST', '/', { text: 'Gone soon' });
    await other('POST', '/', { text: 'Stays' });
    expect((await send({ ...deleted(gone.id), type: 'user.updated' })).status).toBe(204);
    expect((await gone('GET')).body.notes).toHaveLength(1);
    expect((await send(deleted(gone.id))).status).toBe(204);
    expect((await send(deleted(gone.id))).status).toBe(204);
    expect((await gone('GET')).body.notes).toEqual([]);
    expect((await other('GET')).body.notes).toHaveLength(1);
  });

  it('that is signed by another is 401, and deletes nothing', async () => {
    const ask = await user();
    await ask('POST', '/', { text: 'Stays' });
    expect((await send(deleted(ask.id), `whsec_${btoa('a secret of somebody else entirely')}`)).status).toBe(
      401,
    );
    expect((await ask('GET')).body.notes).toHaveLength(1);
  });
});
