/**
 * One run through all endpoints, good, bad and failing, with the console captured: what is written is one JSON object a
 * line, with its level, its event and the request's id, and holds no password, token, hash, secret or whole address.
 * The checker comes first, and is shown what it has to find.
 */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { reporter } from '../../src/http/report.ts';
import { sweep } from '../../src/sweep.ts';
import { findings, watchedConsole } from '../support/log-check.ts';
import { BAD } from '../support/log-run/bad.ts';
import { CONNECTIONS } from '../support/log-run/connections.ts';
import { FAILING } from '../support/log-run/failing.ts';
import { GOOD } from '../support/log-run/good.ts';
import { away, known, note, secrets, talkative } from '../support/log-run/run.ts';
import { signed } from '../support/tokens.ts';

const log = watchedConsole();

describe('the checker', () => {
  const line = (fields: object) =>
    JSON.stringify({ level: 'warn', event: 'something', request_id: 'r1', ...fields });
  const password = 'correct horse battery';
  const secret = 'sVZ3kq8wKxw1Yt0mB7rPz5uQ2nE9aJ4c';
  const hash = '$pbkdf2-sha256$i=1000,c=100000$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA';
  const jwt = signed({ sub: 'somebody', token_type: 'access' });

  it.each([
    [
      'ids, reasons and numbers',
      { user: crypto.randomUUID(), reason: 'd1', call: 'users.create: D1_ERROR: busy', ended: 2 },
    ],
    ['a path with names in it', { reason: 'signature', path: '/account/sessions/:id' }],
    ['a list of settings', { settings: ['SIGNING_KEY'], problems: ['SIGNING_KEY is too short'] }],
  ])('accepts %s', (_, fields) => {
    expect(findings(line(fields), [password, secret, hash])).toEqual([]);
  });

  it.each([
    ['a password', line({ reason: password })],
    ['a password in capitals', line({ reason: password.toUpperCase() })],
    ['a password as a URL has it', line({ path: `/login?password=${encodeURIComponent(password)}` })],
    ['a password in base64', line({ reason: btoa(password) })],
    ['a password inside a sentence', line({ reason: `Failed query: insert … params: x,${password},y` })],
    ['a secret', line({ key: secret })],
    ['the better half of a secret', line({ key: secret.slice(3, 30) })],
    ['a secret as a key', line({ [secret]: 1 })],
    ['a secret in a list', line({ problems: ['a', secret] })],
    ['a hash that it knows', line({ hash })],
    ['a hash that it does not know', line({ hash: '$pbkdf2-sha256$i=1$x$y' })],
    ['a hash of Django', line({ hash: 'pbkdf2_sha256$870000$x$y' })],
    ['a SHA-256', line({ hash: 'ab'.repeat(32) })],
    ['an address', line({ to: 'mina@example.com' })],
    ['an address in Unicode', line({ to: 'josé@bücher.example' })],
    ['an address as a URL has it', line({ path: '/dev/mail?to=mina%40example.com' })],
    ['SQL', line({ reason: 'select "id" from "users" where "email" = ?' })],
    ['text that is no JSON', `oops ${secret}`],
    ['two lines', `${line({})}\n${line({})}`],
    ['JSON over two lines', JSON.stringify(JSON.parse(line({})), null, 2)],
    ['a list', '[]'],
    ['no level', JSON.stringify({ event: 'x', request_id: 'r' })],
    ['a level that nobody knows', line({ level: 'loud' })],
    ['no event', JSON.stringify({ level: 'info', request_id: 'r' })],
    ['an event that is a sentence', line({ event: 'it failed' })],
    ['no request id', JSON.stringify({ level: 'info', event: 'x' })],
    ['an empty request id', line({ request_id: '' })],
  ])('finds %s', (_, text) => {
    expect(findings(text, [password, secret, hash])).not.toEqual([]);
  });

  it('finds an unknown token, and every part of a known one', async () => {
    const [, payload, signature] = (await jwt).split('.') as [string, string, string];
    expect(findings(line({ token: await jwt }))).toContain('a JWT');
    expect(findings(line({ token: payload }), [await jwt])).not.toEqual([]);
    expect(findings(line({ token: signature }), [await jwt])).not.toEqual([]);
    expect(findings(line({ token: signature.slice(5, 40) }), [await jwt])).not.toEqual([]);
  });
});

describe.each([
  ['goes well', GOOD],
  ['goes well with a provider', CONNECTIONS],
  ['is refused', BAD],
  ['fails', FAILING],
] as const)('the log of requests that %s', (_, steps) => {
  it.each(steps)('%s', async (__, events, status, run) => {
    // What leads up to the endpoint is other requests, and is looked at in the end.
    const answer = note(await run());
    expect(answer.status).toBe(status);
    const id = answer.headers.get('X-Request-Id') ?? 'guard';
    const lines = log.linesOf(id).slice(-Math.max(1, events.length));
    expect(lines.map(({ event }) => event)).toEqual(events);
    expect(log.dirtyOf(id, [...secrets])).toEqual([]);
  });
});

describe('the log of the sweep', () => {
  it.each([
    ['goes well', env.DB, 'swept'],
    ['fails', away(() => talkative('mina@example.com')).DB as never as D1Database, 'sweep_failed'],
  ])('that %s has one line', async (_, DB, event) => {
    const id = crypto.randomUUID();
    await sweep({ DB }, Date.now, reporter(id)).catch(() => {});
    expect(log.linesOf(id).map((line) => line.event)).toEqual([event]);
  });
});

describe('the whole log', () => {
  it('contains no secret of the run', async () => {
    const hashes = await env.DB.batch<{ secret: string }>([
      env.DB.prepare("SELECT password_hash AS secret FROM users WHERE password_hash <> ''"),
      env.DB.prepare('SELECT hash AS secret FROM one_time_tokens'),
      env.DB.prepare('SELECT email AS secret FROM users'),
    ]);
    for (const { secret } of hashes.flatMap(({ results }) => results)) known(secret);
    expect(secrets.size).toBeGreaterThan(200);
    expect(log.texts.length).toBeGreaterThan(150);
    expect(log.dirty([...secrets])).toEqual([]);
  });

  it('has every event that exists', () => {
    expect(new Set(log.lines.map(({ event }) => event))).toEqual(
      new Set([
        ...['signed_up', 'logged_in', 'logged_out', 'withdrawn', 'session_ended', 'sessions_ended'],
        ...['password_changed', 'password_removed', 'password_incorrect'],
        ...['password_reset', 'password_reset_asked'],
        ...[
          'localhost_origins_allowed',
          'account_passed',
          'email_verified',
          'email_change_asked',
          'email_changed',
          'email_taken_back',
          'admin_acted',
          'disowned',
        ],
        ...['connection_added', 'connection_removed', 'handed_back'],
        ...['no_active_account', 'access_token_not_valid', 'refresh_token_not_valid'],
        ...['token_blacklisted', 'refresh_token_replayed', 'throttled', 'misconfigured', 'unavailable'],
        ...['kv_unavailable', 'mail_failed', 'limiter_failed', 'breach_check_failed', 'internal_error'],
        ...['swept', 'sweep_failed'],
      ]),
    );
  });
});
