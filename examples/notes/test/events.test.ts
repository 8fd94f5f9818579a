import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { EVENTS_SECRET, request, user } from './support.ts';

const deleted = (user_id: string) => ({ type: 'user.deleted', timestamp: new Date(), data: { user_id } });

interface Delivery {
  secret?: string;
  at?: Date;
  /** What is sent instead of what was signed. */
  body?: string;
}

async function send(event: object, { secret = EVENTS_SECRET, at = new Date(), body }: Delivery = {}) {
  const [id, signed] = [crypto.randomUUID(), JSON.stringify(event)];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, at, signed),
  };
  const answer = await request('/events', { method: 'POST', headers, body: body ?? signed });
  return answer.status;
}

describe('an event of the account service', () => {
  it('deletes the notes of a deleted user, and nobody else’s', async () => {
    const [gone, other] = [await user(), await user()];
    await gone('POST', '', { text: 'Gone soon' });
    await other('POST', '', { text: 'Stays' });
    expect(await send({ ...deleted(gone.id), type: 'user.updated' })).toBe(204);
    expect((await gone('GET')).body.notes).toHaveLength(1);
    // Twice, as may happen.
    expect(await send(deleted(gone.id))).toBe(204);
    expect(await send(deleted(gone.id))).toBe(204);
    expect((await gone('GET')).body.notes).toEqual([]);
    expect((await other('GET')).body.notes).toHaveLength(1);
  });

  it('is final: with a token that has not expired yet, a deleted user writes nothing more', async () => {
    const gone = await user();
    await send(deleted(gone.id));
    const answer = await gone('POST', '', { text: 'Too late' });
    expect([answer.status, answer.body.detail]).toEqual([401, 'This account was deleted.']);
    expect((await gone('GET')).body.notes).toEqual([]);
  });

  it.each<[string, number, Delivery]>([
    ['signed with another secret', 401, { secret: `whsec_${btoa('a secret of somebody else entirely')}` }],
    ['signed ten minutes ago', 401, { at: new Date(Date.now() - 600_000) }],
    ['changed on its way', 401, { body: JSON.stringify(deleted('somebody else')) }],
    ['too large', 413, { body: 'x'.repeat(10_000) }],
  ])('changes nothing if it was %s', async (_, status, delivery) => {
    const call = await user();
    await call('POST', '', { text: 'Stays' });
    expect(await send(deleted(call.id), delivery)).toBe(status);
    expect((await call('GET')).body.notes).toHaveLength(1);
  });

  it('needs a signature', async () => {
    expect((await request('/events', { method: 'POST', body: JSON.stringify(deleted('mina')) })).status).toBe(
      401,
    );
  });
});
