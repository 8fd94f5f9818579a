/** The code that comes back from a sign-in with a provider, and what an app gets for it. */
import { describe, expect, it } from 'vitest';
import { beginPath, dance, exchange, issuer, VERIFIER, verified, worldWith } from '../support/issuer.ts';
import { capturedLog } from '../support/log.ts';
import { atOnce, codeOf, faultsOf, RACE, tally } from '../support/world.ts';

capturedLog();

describe('return_to', () => {
  // As `test/unit/return-to.test.ts`, with the origins of a deployment in place of a list.
  const DEVELOPMENT = { PUBLIC_URL: 'http://localhost:8787' };
  const PRODUCTION = {
    ENVIRONMENT: 'production',
    PASSWORD_ITERATIONS_UNSAFE: 'on',
    MAIL: 'off',
    PUBLIC_URL: 'https://id.example.org/accounts',
  };
  const NONE = { ALLOWED_ORIGINS: '' };
  it.each<[string, Record<string, string>, number]>([
    ['http://localhost:8787/account/settings', DEVELOPMENT, 302],
    ['http://127.0.0.1:8787/', DEVELOPMENT, 302],
    ['http://localhost:8788/', DEVELOPMENT, 400],
    ['http://127.0.0.1:8788/', DEVELOPMENT, 400],
    ['http://localhost:87871/', DEVELOPMENT, 400],
    ['http://localhost/', DEVELOPMENT, 400],
    ['https://localhost:8787/', DEVELOPMENT, 400],
    ['http://localhost:8787@evil.example/', DEVELOPMENT, 400],
    ['http://localhost:8787.evil.example/', DEVELOPMENT, 400],
    ['http://localhost:5173/', { ...DEVELOPMENT, ...NONE }, 302],
    ['http://[::1]:5173/', { ...DEVELOPMENT, ...NONE }, 302],
    ['http://localhost.evil.example:5173/', { ...DEVELOPMENT, ...NONE }, 400],
    ['https://app.example.com/', { ...DEVELOPMENT, ...NONE }, 400],
    ['https://app.example.com/x', PRODUCTION, 302],
    ['https://id.example.org/anything', PRODUCTION, 302],
    ['https://id.example.org:8443/', PRODUCTION, 400],
    ['http://id.example.org/', PRODUCTION, 400],
    ['http://localhost:8787/', PRODUCTION, 400],
    ['http://localhost:5173/', { ...PRODUCTION, ...NONE }, 400],
    ['myapp://signed-in/done', PRODUCTION, 302],
    ['myapp://elsewhere', PRODUCTION, 400],
  ])('%s with %j is %i', async (returnTo, vars, status) => {
    const answer = await worldWith(await issuer(), vars).get(await beginPath({ returnTo }));
    expect(answer.status).toBe(status);
    expect(answer.headers.has('Location')).toBe(status === 302);
  });
});

describe('the exchange', () => {
  const offered = async (vars = {}) => {
    const op = await issuer();
    const w = worldWith(op, vars);
    op.set({ now: () => w.clock.now });
    op.as(verified());
    const { code } = await dance(w, op);
    return { op, w, code: code as string };
  };

  it('works once, with the right verifier', async () => {
    const { w, code } = await offered();
    const other = await exchange(w, code, `${VERIFIER}x`);
    expect([other.status, codeOf(other)]).toEqual([401, 'code_not_valid']);
    expect((await exchange(w, code)).status).toBe(201);
    const again = await exchange(w, code);
    expect([again.status, codeOf(again)]).toEqual([401, 'code_not_valid']);
  });

  it('works for 60 seconds', async () => {
    const { w, code } = await offered();
    w.clock.advance(59);
    expect((await exchange(w, code)).status).toBe(201);
    const late = await offered();
    late.w.clock.advance(60);
    expect((await exchange(late.w, late.code)).status).toBe(401);
  });

  it.each<[string, (code: string) => unknown, number]>([
    ['nothing', () => undefined, 400],
    ['a number', () => 5, 400],
    ['blank text', () => '  ', 400],
    ['something made up', () => 'made-up', 401],
    ['another secret', (code) => `${code.slice(0, -1)}${code.endsWith('A') ? 'Q' : 'A'}`, 401],
    ['another user', (code) => crypto.randomUUID() + code.slice(36), 401],
    ['SQL', (code) => `' OR 1=1 --${code}`, 401],
  ])('refuses %s', async (_, change, status) => {
    const { w, code } = await offered();
    const answer = await w.post('/account/login/exchange', { code: change(code), code_verifier: VERIFIER });
    expect(answer.status).toBe(status);
  });

  it.each([
    ['nothing', undefined],
    ['too short', 'x'.repeat(42)],
    ['too long', 'x'.repeat(129)],
    ['a space', `${VERIFIER} x`],
  ])('a verifier that is %s is 400', async (_, code_verifier) => {
    const { w, code } = await offered();
    const answer = await w.post('/account/login/exchange', { code, code_verifier });
    expect([answer.status, Object.keys(faultsOf(answer))]).toEqual([400, ['code_verifier']]);
  });

  it('sets the refresh cookie in cookie mode', async () => {
    const op = await issuer();
    const w = worldWith(op, { REFRESH_TRANSPORT: 'cookie' });
    op.as(verified());
    const { code } = await dance(w, op);
    const ask = { body: { code, code_verifier: VERIFIER } };
    expect(codeOf(await w.ask('POST', '/account/login/exchange', ask))).toBe('origin_not_allowed');
    const answer = await w.ask('POST', '/account/login/exchange', {
      ...ask,
      headers: { Origin: 'https://app.example.com' },
    });
    expect(Object.keys(answer.body).sort()).toEqual(['access', 'user']);
    expect(answer.headers.getSetCookie().join()).toContain('__Secure-refresh=');
  });

  it('is void once the password changed or the user is inactive', async () => {
    const { w, code } = await offered();
    const userId = code.slice(0, 36);
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', userId);
    expect((await exchange(w, code)).status).toBe(401);
    const other = await offered();
    await other.w.rows(
      'UPDATE users SET password_version = password_version + 1 WHERE id = ?',
      other.code.slice(0, 36),
    );
    const answer = await exchange(other.w, other.code);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'no_active_account']);
  });

  it('opens one session for fifty calls at once', RACE, async () => {
    const { w, code } = await offered();
    const answers = await atOnce(50, () => exchange(w, code));
    expect(tally(answers)).toEqual({ 201: 1, 401: 49 });
    const rows = await w.rows('SELECT id FROM sessions WHERE user_id = ?', code.slice(0, 36));
    expect(rows).toHaveLength(1);
  });
});
