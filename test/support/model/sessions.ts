/** Commands about sessions and their tokens. */
import { expect } from 'vitest';
import { claimsOf } from '../world.ts';
import { alive, anyToken, command, expectAnswer, outcomes, pick, type Real } from './command.ts';
import {
  absoluteEnd,
  addUser,
  come,
  endAll,
  GRACE,
  hand,
  isReplay,
  leave,
  type Model,
  type MToken,
  type MUser,
  mail,
  ownerOf,
  setPassword,
  tokenStatus,
  type Verdict,
  voidLinks,
} from './rules.ts';

/**
 * KV remembers the reason for which a session ended, which may be older than a change of its user: for a session that ended
 * before its user was deleted, either may be reported.
 */
const told = (verdict: Verdict): string[] =>
  verdict === 'ok'
    ? []
    : {
        expired: ['Token is expired'],
        user_not_found: ['User not found', 'Token is blacklisted', 'User is inactive'],
        user_inactive: ['User is inactive', 'Token is blacklisted'],
        blacklisted: ['Token is blacklisted', 'User is inactive'],
      }[verdict];

export const signUp = (address: string, password: string) =>
  command(`${address} signs up with "${password}"`, async (model, real) => {
    const answer = await real.w.post('/account/sign-up', { email: real.emailOf(address), password });
    const taken = ownerOf(model, address) !== undefined;
    if (!expectAnswer(real, answer, `sign-up, taken: ${taken}`, taken ? 409 : 201)) return;
    const user = addUser(model, { address, password, verified: false });
    come(model, user);
    mail(model, user, 'verify');
  });

export const logIn = (address: string, password: string) =>
  command(`${address} logs in with "${password}"`, async (model, real) => {
    const answer = await real.w.logIn({ email: real.emailOf(address), password });
    const user = ownerOf(model, address);
    const may = user?.active && user.password === password;
    const details = ['No active account found with the given credentials'];
    const outcome = `log-in: ${may ?? false}${user?.staff ? ', staff' : ''}`;
    if (!expectAnswer(real, answer, outcome, may ? 200 : 401, may ? undefined : details)) return;
    come(model, user as MUser);
  });

export const logInRightly = (address: string) =>
  command(
    `${address} logs in with the right password`,
    (model, real) => logIn(address, ownerOf(model, address)?.password as string).run(model, real),
    (model) => ownerOf(model, address)?.password != null,
  );

function newestOf(model: Model, { at, token }: ReturnType<typeof pick>) {
  let newest = token;
  while (newest.successor !== null) newest = newest.successor;
  return newest === token ? { at, token } : { at: model.tokens.indexOf(newest), token: newest };
}

async function sendRefresh(model: Model, real: Real, { at, token }: ReturnType<typeof pick>) {
  const answer = await real.w.refresh(real.tokens[at] as string);
  const verdict = tokenStatus(token, model.now);
  const replay = verdict === 'ok' && isReplay(token, model.now);
  const again = token.consumedAt === null ? 'first' : 'again';
  const early = token.consumedAt !== null && model.now - token.consumedAt <= GRACE;
  const outcome = `refresh: ${replay ? (early ? 'replay within the grace' : 'replay') : verdict === 'ok' ? again : verdict}`;
  const good = verdict === 'ok' && !replay;
  const details = good ? undefined : told(replay ? 'blacklisted' : verdict);
  model.sentLast = at;
  if (replay) token.session.revoked = true;
  if (!expectAnswer(real, answer, outcome, good ? 200 : 401, details)) return;
  hand(model, token.session, 'access');
  // The same successor for everybody who asks within the grace: one token, seen twice.
  if (token.successor !== null) model.tokens.push(token.successor);
  token.successor ??= hand(model, token.session, 'refresh');
  token.consumedAt ??= model.now;
}

export const refresh = (of: number) =>
  command(
    `refresh with token ${of}`,
    (model, real) => sendRefresh(model, real, pick(model, of, 'refresh')),
    anyToken,
  );
export const refreshNewest = (of: number) =>
  command(
    `refresh with the newest token of the chain of token ${of}`,
    (model, real) => sendRefresh(model, real, newestOf(model, pick(model, of, 'refresh'))),
    anyToken,
  );
export const refreshOnceMore = () =>
  command(
    'the last refresh once more',
    (model, real) => {
      const at = model.sentLast;
      return sendRefresh(model, real, { at, token: model.tokens[at] as MToken });
    },
    ({ sentLast }) => sentLast >= 0,
  );

/** The successor is used first, so that a retry of the last refresh is none. */
export const refreshTwoBack = () =>
  command(
    'refresh with the newest token of the last one’s chain, and with the last one once more',
    async (model, real) => {
      const at = model.sentLast;
      const last = { at, token: model.tokens[at] as MToken };
      await sendRefresh(model, real, newestOf(model, last));
      await sendRefresh(model, real, last);
    },
    ({ sentLast }) => sentLast >= 0,
  );

/** `delta`: seconds beyond the last one that the grace allows. */
export const refreshAtTheEndOfTheGrace = (delta: number) =>
  command(
    `verify of the last token, and refresh once more, ${GRACE + delta} s after it was the first`,
    async (model, real) => {
      const at = model.sentLast;
      const token = model.tokens[at] as MToken;
      goTo(model, real, (token.consumedAt as number) + GRACE + delta);
      await sendVerify(model, real, { at, token });
      await sendRefresh(model, real, { at, token });
    },
    ({ sentLast, tokens, now }) => now < (tokens[sentLast]?.consumedAt ?? Number.NEGATIVE_INFINITY) + GRACE,
  );

function goTo(model: Model, real: Real, now: number) {
  real.clock.now += (now - model.now) * 1_000;
  model.now = now;
}

async function sendVerify(model: Model, real: Real, { at, token }: ReturnType<typeof pick>) {
  const answer = await real.w.verify(real.tokens[at] as string);
  const verdict = tokenStatus(token, model.now);
  const dead = verdict !== 'ok' || (token.kind === 'refresh' && isReplay(token, model.now));
  outcomes.add(`verify ${token.kind}: ${dead ? 'dead' : 'alive'}`);
  // An access token is good there until KV has heard of the end of its session.
  const ofTheDead = token.kind === 'access' && verdict !== 'expired' ? [200, 401] : [401];
  expect(dead ? ofTheDead : [200]).toContain(answer.status);
}
export const verify = (of: number) =>
  command(`verify of token ${of}`, (model, real) => sendVerify(model, real, pick(model, of)), anyToken);

export const me = (of: number) =>
  command(
    `me with token ${of}`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const answer = await real.w.me(real.tokens[at] as string);
      const verdict = tokenStatus(token, model.now);
      expectAnswer(real, answer, `me: ${verdict}`, verdict === 'ok' ? 200 : 401);
      const { address, staff, verified } = token.session.user;
      expect(answer.body.email ?? null).toBe(verdict === 'ok' ? real.emailOf(address) : null);
      if (verdict !== 'ok') return;
      expect(answer.body).toMatchObject({ is_staff: staff, email_verified: verified });
      // What a guard reads from the token alone does not change as long as the token is valid.
      expect(token.says.staff).toBe(staff);
    },
    anyToken,
  );

export const staffPath = (of: number) =>
  command(
    `the console's JSON with token ${of}`,
    async (model, real) => {
      const ofStaff = alive(model).filter(({ token }) => token.session.user.staff);
      const { at, token } = ofStaff[of % (ofStaff.length + 1)] ?? pick(model, of, 'access');
      const answer = await real.w.get('/admin/api/users?limit=1', { token: real.tokens[at] as string });
      const good = tokenStatus(token, model.now) === 'ok';
      const status = good ? (token.session.user.staff ? 200 : 403) : 401;
      expectAnswer(real, answer, `console: ${status}`, status);
    },
    anyToken,
  );

/** `delta`: seconds beyond the first one at which it has expired. */
export const meAtTheEnd = (of: number, delta: number) =>
  command(
    `me with token ${of} as it expires (${delta})`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      goTo(model, real, Math.max(model.now, token.expiresAt + delta));
      const answer = await real.w.me(real.tokens[at] as string);
      const verdict = tokenStatus(token, model.now);
      expectAnswer(real, answer, `me at the end: ${verdict}`, verdict === 'ok' ? 200 : 401);
    },
    anyToken,
  );

export const list = (of: number) =>
  command(
    `list of sessions with token ${of}`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const answer = await real.w.get('/account/sessions', { token: real.tokens[at] as string });
      const good = tokenStatus(token, model.now) === 'ok';
      expectAnswer(real, answer, `list: ${good}`, good ? 200 : 401);
      const { sessions } = token.session.user;
      const living = sessions.filter((session) => !session.revoked && absoluteEnd(session) > model.now);
      const listed = ((answer.body.sessions ?? []) as { id: string }[]).map(({ id }) => id);
      // One that no token is left of may be shown no more; one's own always is.
      expect(listed.length).toBeLessThanOrEqual(living.length);
      expect(listed.includes(claimsOf(real.tokens[at] as string).sid as string)).toBe(good);
    },
    anyToken,
  );

export const logOut = (of: number) =>
  command(
    `log-out with token ${of}`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'refresh');
      const answer = await real.w.logOut(real.tokens[at] as string);
      expectAnswer(real, answer, `log-out: ${tokenStatus(token, model.now)}`, 204);
      token.session.revoked = true;
    },
    anyToken,
  );

export const logOutEverywhere = (of: number) =>
  command(
    `log-out everywhere with token ${of}`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const sent = { token: real.tokens[at] as string };
      const answer = await real.w.delete('/account/sessions', undefined, sent);
      const may = tokenStatus(token, model.now) === 'ok';
      if (!expectAnswer(real, answer, `log-out everywhere: ${may}`, may ? 204 : 401)) return;
      endAll(token.session.user);
      voidLinks(token.session.user, 'change');
    },
    anyToken,
  );

export const statusFor = (token: MToken, password: string, now: number) =>
  tokenStatus(token, now) !== 'ok' ? 401 : token.session.user.password === password ? 204 : 400;

export const changePassword = (of: number, current: string, next: string) =>
  command(
    `password change with token ${of} from "${current}" to "${next}"`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const answer = await real.w.post(
        '/account/password/change',
        { current_password: current, new_password: next },
        { token: real.tokens[at] as string },
      );
      const status = statusFor(token, current, model.now);
      if (!expectAnswer(real, answer, `password change: ${status}`, status)) return;
      setPassword(token.session.user, next, token.session);
    },
    anyToken,
  );

export const withdraw = (of: number, password: string) =>
  command(
    `withdrawal with token ${of} and "${password}"`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const answer = await real.w.delete('/account/me', { password }, { token: real.tokens[at] as string });
      const status = statusFor(token, password, model.now);
      if (!expectAnswer(real, answer, `withdrawal: ${status}`, status)) return;
      leave(token.session.user);
    },
    anyToken,
  );
