/** The code that the pages end with where an app waits: who gets one, and what it is worth. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { claimsOf, codeOf, person, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const TO = 'http://localhost:5173/welcome?from=here';

const w = world();
const ask = (refresh: string, more: object = {}, at: World = w) =>
  at.post('/account/login/return', { refresh, return_to: TO, code_challenge: CHALLENGE, ...more });
const exchange = (code: string | null, code_verifier = VERIFIER, at: World = w) =>
  at.post('/account/login/exchange', { code, code_verifier });
const codeIn = (url: string) => new URL(url).searchParams.get('code');

describe('POST /account/login/return', () => {
  it('returns a code for a new session, and keeps the one of the pages', async () => {
    const { access, refresh } = await w.signUp(person());
    const { status, body } = await ask(refresh);
    expect(status).toBe(200);
    expect(new URL(body.url).searchParams.get('from')).toBe('here');
    const pair = await exchange(codeIn(body.url));
    expect(pair.status).toBe(200);
    const [here, there] = [claimsOf(access), claimsOf(pair.body.access)];
    expect(there.sub).toBe(here.sub);
    expect(there.sid).not.toBe(here.sid);
    expect(there.amr).toEqual(here.amr);
    expect((await w.refresh(refresh)).status).toBe(200);
    expect((await w.me(pair.body.access)).status).toBe(200);
    expect(log.of('handed_back')).toHaveLength(1);
  });

  it('keeps when the user signed in, so that an old sign-in does not become a recent proof', async () => {
    const { access, refresh } = await w.signUp(person());
    const signedInAt = claimsOf(access).auth_time;
    w.clock.advance(3_600);
    const pair = await exchange(codeIn((await ask(refresh)).body.url));
    expect(claimsOf(pair.body.access).auth_time).toBe(signedInAt);
    const refreshed = await w.refresh(pair.body.refresh);
    expect(claimsOf(refreshed.body.access).auth_time).toBe(signedInAt);
    const stepUp = await w.post('/account/passkeys/options', {}, { token: refreshed.body.access });
    expect([stepUp.status, codeOf(stepUp)]).toEqual([401, 'reauthentication_required']);
  });

  it('keeps when the user last reauthenticated', async () => {
    const owner = person();
    const { access, refresh } = await w.signUp(owner);
    w.clock.advance(60);
    const again = await w.post('/account/reauthenticate', { password: owner.password }, { token: access });
    const provenAt = claimsOf(again.body.access).auth_time;
    w.clock.advance(60);
    const pair = await exchange(codeIn((await ask(refresh)).body.url));
    expect(claimsOf(pair.body.access).auth_time).toBe(provenAt);
  });

  it('keeps when the session ends, however often it is handed on', async () => {
    const short = world({ vars: { SESSION_MAX_LIFETIME: '26h' } });
    const { refresh } = await short.signUp(person());
    const endsAt = short.clock.now + 26 * 3_600;
    let handed = refresh;
    for (const hours of [20, 5]) {
      short.clock.advance(hours * 3_600);
      const pair = await exchange(codeIn((await ask(handed, {}, short)).body.url), VERIFIER, short);
      expect(pair.status).toBe(200);
      expect(claimsOf(pair.body.refresh).exp).toBe(endsAt);
      const session = await short.sessionOf(pair.body.refresh);
      expect(session).toMatchObject({ absolute_end_at: endsAt });
      expect(session?.expires_at).toBeLessThanOrEqual(endsAt);
      handed = pair.body.refresh;
    }
    short.clock.advance(3_590);
    const last = codeIn((await ask(handed, {}, short)).body.url);
    short.clock.advance(10);
    expect(codeOf(await exchange(last, VERIFIER, short))).toBe('code_not_valid');
    expect(codeOf(await ask(handed, {}, short))).toBe('token_not_valid');
  });

  it('works once, only with its verifier, for a minute', async () => {
    const { refresh } = await w.signUp(person());
    const [once, other, late] = await Promise.all([ask(refresh), ask(refresh), ask(refresh)]);
    expect((await exchange(codeIn(once.body.url))).status).toBe(200);
    expect(codeOf(await exchange(codeIn(once.body.url)))).toBe('code_not_valid');
    expect(codeOf(await exchange(codeIn(other.body.url), `${VERIFIER}x`))).toBe('code_not_valid');
    w.clock.advance(61);
    expect(codeOf(await exchange(codeIn(late.body.url)))).toBe('code_not_valid');
  });

  it('does not accept an access token, which other servers see', async () => {
    const { access } = await w.signUp(person());
    const { status, body } = await ask(access);
    expect([status, body.code]).toEqual([401, 'token_not_valid']);
    expect((await w.post('/account/login/return', { return_to: TO, code_challenge: CHALLENGE })).status).toBe(
      400,
    );
  });

  it.each<[string, (refresh: string, access: string) => Promise<unknown>]>([
    ['was used', (refresh) => w.refresh(refresh)],
    ['was logged out', (refresh) => w.logOut(refresh)],
    [
      'has a user who was deactivated',
      (_, access) =>
        env.DB.prepare('UPDATE users SET is_active = 0 WHERE id = ?').bind(claimsOf(access).sub).run(),
    ],
    [
      'has a user who is gone',
      (_, access) => w.ask('DELETE', '/account/me', { token: access, body: { password: person().password } }),
    ],
  ])('refuses a refresh token that %s', async (_, end) => {
    const { access, refresh } = await w.signUp(person());
    await end(refresh, access);
    const { status, body } = await ask(refresh);
    expect([status, body.code]).toEqual([401, 'token_not_valid']);
    expect(claimsOf(access).sub).toBeTruthy();
  });

  it('refuses one that has expired', async () => {
    const late = world();
    const { refresh } = await late.signUp(person());
    late.clock.advance(25 * 3_600);
    const { status, body } = await ask(refresh, {}, late);
    expect([status, body.reason]).toEqual([401, 'expired']);
  });

  it('returns a code that is void after a log-out: the exchange is refused', async () => {
    const { access, refresh } = await w.signUp(person());
    const { body } = await ask(refresh);
    await w.ask('DELETE', '/account/sessions', { token: access, body: {} });
    expect((await exchange(codeIn(body.url))).status).toBe(401);
  });

  it.each(['https://evil.example/', 'javascript:alert(1)', '/account', ''])(
    'refuses another return_to: %j',
    async (return_to) => {
      const { refresh } = await w.signUp(person());
      const { status, body } = await ask(refresh, { return_to });
      expect([status, body.code]).toEqual([400, 'invalid']);
    },
  );

  it('requires a challenge', async () => {
    const { refresh } = await w.signUp(person());
    expect((await ask(refresh, { code_challenge: undefined })).status).toBe(400);
    expect((await ask(refresh, { code_challenge: VERIFIER.slice(1) })).status).toBe(400);
  });

  it('uses the refresh cookie in cookie mode, only from an allowed origin', async () => {
    const vars: Vars = { REFRESH_TRANSPORT: 'cookie' };
    const there = world({ vars });
    const Origin = 'http://localhost';
    const signed = await there.post('/account/sign-up', person(), { headers: { Origin } });
    const Cookie = signed.headers.get('Set-Cookie')?.split(';')[0] ?? '';
    const body = { return_to: TO, code_challenge: CHALLENGE };
    const post = (headers: Record<string, string>) => there.post('/account/login/return', body, { headers });
    expect((await post({ Origin, Cookie })).status).toBe(200);
    expect((await post({ Origin })).status).toBe(401);
    expect((await post({ Origin: 'https://evil.example', Cookie })).status).toBe(403);
  });
});
