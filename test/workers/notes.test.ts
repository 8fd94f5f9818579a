/** examples/notes: its API, behind a guard of the same keys. */
import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { type NotesEnv, notesApi } from '../../examples/notes/src/notes.ts';
import { isAuthenticated } from '../../src/guard/index.ts';
import { person, world } from '../support/world.ts';

const bindings = { ...env, NOTES: env.DB } as never;
const notes = notesApi(isAuthenticated() as never);
beforeAll(() => applyD1Migrations(env.DB, env.NOTES_MIGRATIONS, 'notes_migrations'));

const w = world();
async function user() {
  const { access } = await w.signUp(person());
  return async (method: string, path = '/', body?: unknown) => {
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
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
  };
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

  it('are of nobody else', async () => {
    const [one, other] = [await user(), await user()];
    const { body } = await one('POST', '/', { text: 'Mine' });
    expect((await other('GET')).body.notes).toEqual([]);
    expect((await other('DELETE', `/${body.id}`)).status).toBe(404);
    expect((await one('GET')).body.notes).toHaveLength(1);
  });

  it('are closed to strangers', async () => {
    const answer = await notes.request('/', {}, bindings);
    expect(answer.status).toBe(401);
  });
});
