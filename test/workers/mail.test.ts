/** MAIL: how email is sent, where its links lead, and in which language it is. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { mails } from '../../src/languages/index.ts';
import { capturedLog } from '../support/log.ts';
import {
  askChange,
  CLOUDFLARE,
  emailBinding,
  mailsTo,
  OTHER_PASSWORD,
  PASSWORD,
  resend,
  subjectsTo,
  tokensOf,
  tokenTo,
  username,
  usersOf,
  wanted,
} from '../support/mail.ts';
import { type Answer, codeOf, person, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

describe('MAIL=off', () => {
  const vars: Vars = { MAIL: 'off' };

  it.each(
    [
      '/account/password/reset',
      '/account/password/reset/confirm',
      '/account/email/verify',
      '/account/email/verify/resend',
      '/account/email/change',
      '/dev/mail',
    ].flatMap((path) => ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'].map((method) => [method, path] as const)),
  )('%s %s is 404: there is no such path', async (method, path) => {
    const w = world({ vars });
    const answer = await w.ask(method, path, method === 'POST' ? { body: {} } : {});
    expect(answer.status).toBe(404);
    expect(answer.headers.get('Allow')).toBeNull();
  });

  it('does not affect sign-up, which stores no token for an email', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    expect(who.answer.status).toBe(201);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
    expect(await subjectsTo(world(), who.email)).toEqual([]);
  });

  it('does not affect a change of password', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    const answer = await w.post(
      '/account/password/change',
      { current_password: PASSWORD, new_password: OTHER_PASSWORD },
      { token: who.access },
    );
    expect(answer.status).toBe(204);
  });

  it('is the default outside development', async () => {
    const w = world({ vars: { ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' } });
    expect((await w.post('/account/password/reset', { email: 'a@example.com' })).status).toBe(404);
    expect((await w.get('/dev/mail')).status).toBe(404);
  });
});

describe('MAIL=cloudflare', () => {
  it('passes each email to the binding: sender, receiver, subject, text and HTML, and nothing else', async () => {
    const { sent, EMAIL } = emailBinding();
    const w = world({ vars: CLOUDFLARE, bindings: { EMAIL } });
    const who = await w.signUp();
    await w.post('/account/password/reset', { email: who.email });
    expect(sent).toHaveLength(2);
    for (const mail of sent) {
      expect(Object.keys(mail).sort()).toEqual(['from', 'html', 'subject', 'text', 'to']);
      expect(mail).toMatchObject({ from: 'accounts@example.org', to: who.email });
    }
    expect(sent.map(({ subject }) => subject)).toEqual([
      'Confirm your e-mail address',
      'Reset your password',
    ]);
  });

  it('shows the name of the sender', async () => {
    const { sent, EMAIL } = emailBinding();
    const w = world({
      vars: { ...CLOUDFLARE, MAIL_FROM: 'Acme <no-reply@acme.example>' },
      bindings: { EMAIL },
    });
    await w.signUp();
    expect(sent).toMatchObject([{ from: { name: 'Acme', email: 'no-reply@acme.example' } }]);
  });

  it('sends no mail for an unknown or inactive address', async () => {
    const { sent, EMAIL } = emailBinding();
    const w = world({ vars: CLOUDFLARE, bindings: { EMAIL } });
    const who = await world().signUp();
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
    await w.post('/account/password/reset', { email: who.email });
    await w.post('/account/password/reset', { email: person('nobody').email });
    expect(sent).toEqual([]);
  });

  it('works in production, where there is no inbox', async () => {
    const { sent, EMAIL } = emailBinding();
    const w = world({
      vars: { ...CLOUDFLARE, ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' },
      bindings: { EMAIL },
    });
    const who = person();
    expect((await w.post('/account/sign-up', who)).status).toBe(201);
    expect(sent).toMatchObject([{ to: who.email }]);
    expect((await w.get('/dev/mail')).status).toBe(404);
    expect((await mailsTo(world(), who.email)).length).toBe(0);
  });

  const ENDPOINTS: [
    string,
    Vars,
    (w: World, who: { email: string; access: string }) => Promise<Answer>,
    number,
  ][] = [
    ['a sign-up', {}, (w) => w.post('/account/sign-up', person()), 201],
    ['a pending sign-up', { SIGN_UP: 'verify' }, (w) => w.post('/account/sign-up', person()), 202],
    [
      'a pending sign-up of a known address',
      { SIGN_UP: 'verify' },
      (w, { email }) => w.post('/account/sign-up', { email, password: PASSWORD }),
      202,
    ],
    ['a reset', {}, (w, { email }) => w.post('/account/password/reset', { email }), 202],
    ['a resend', {}, (w, { access }) => resend(w, access), 202],
    ['a change of address', {}, (w, { access }) => askChange(w, access, person('wanted').email), 202],
    [
      'a change of password',
      {},
      (w, { access }) =>
        w.post(
          '/account/password/change',
          { current_password: PASSWORD, new_password: OTHER_PASSWORD },
          { token: access },
        ),
      204,
    ],
  ];

  it.each(ENDPOINTS)(
    '%s gets the same answer if the binding rejects, with a line in the log',
    async (...c) => {
      const [, vars, endpoint, status] = c;
      const who = await world().signUp();
      const { EMAIL } = emailBinding(() => Promise.reject(new RangeError(`no such box: ${who.email}`)));
      const w = world({ vars: { ...CLOUDFLARE, ...vars }, bindings: { EMAIL } });
      expect((await endpoint(w, who)).status).toBe(status);
      const lines = log.of('mail_failed');
      expect(lines.length).toBeGreaterThan(0);
      expect(lines[0]).toEqual({
        level: 'error',
        event: 'mail_failed',
        request_id: expect.any(String),
        mail: expect.stringMatching(/^[a-z_]+$/),
        error: 'RangeError',
      });
    },
  );

  it.each(ENDPOINTS)('%s gets the same answer if the binding throws', async (...c) => {
    const [, vars, endpoint, status] = c;
    const who = await world().signUp();
    const { EMAIL } = emailBinding(() => {
      throw new Error('no binding after all');
    });
    const w = world({ vars: { ...CLOUDFLARE, ...vars }, bindings: { EMAIL } });
    expect((await endpoint(w, who)).status).toBe(status);
    expect(log.of('mail_failed').length).toBeGreaterThan(0);
  });

  it.each(ENDPOINTS)('%s is answered at once if the binding hangs: e-mail is never awaited', async (...c) => {
    const [, vars, endpoint, status] = c;
    const who = await world().signUp();
    const hanging = Promise.withResolvers<void>();
    const { sent, EMAIL } = emailBinding(() => hanging.promise);
    const w = world({ vars: { ...CLOUDFLARE, ...vars }, bindings: { EMAIL } });
    const app = createApp();
    const context = createExecutionContext();
    // The same requests, but answered before what goes on after them is over.
    const impatient = {
      ...w,
      post: async (path: string, body?: unknown, more: { token?: string } = {}) => {
        const headers = new Headers();
        if (body !== undefined) headers.set('Content-Type', 'application/json');
        if (more.token) headers.set('Authorization', `Bearer ${more.token}`);
        const request = new Request(`http://localhost${path}`, {
          method: 'POST',
          headers,
          body: body === undefined ? null : JSON.stringify(body),
        });
        return (await app.fetch(request, w.env, context)) as unknown as Answer;
      },
    } as World;
    const late = new Promise<Pick<Answer, 'status'>>((resolve) =>
      setTimeout(() => resolve({ status: 0 }), 3_000),
    );
    const answer = await Promise.race([endpoint(impatient, who), late]);
    expect(answer.status).toBe(status);
    await vi.waitFor(() => expect(sent.length).toBeGreaterThan(0));
    hanging.resolve();
    await waitOnExecutionContext(context);
  });

  it('is misconfigured without binding, sender or PUBLIC_URL', async () => {
    const w = world({ vars: { MAIL: 'cloudflare' } });
    expect(codeOf(await w.post('/account/password/reset', { email: 'a@example.com' }))).toBe('misconfigured');
    expect(log.of('misconfigured')[0]?.settings).toEqual(['MAIL_FROM', 'PUBLIC_URL', 'MAIL']);
  });
});

describe('the link in a mail', () => {
  const ENDPOINTS: [string, string, Vars, (w: World) => Promise<string>][] = [
    ['a sign-up', '/account/email/verify', {}, async (w) => (await w.signUp()).email],
    [
      'a pending sign-up',
      '/account/email/verify',
      { SIGN_UP: 'verify' },
      async (w) => {
        const who = person('pending');
        await w.post('/account/sign-up', who);
        return who.email;
      },
    ],
    [
      'a change of address',
      '/account/email/verify',
      {},
      async (w) => (await wanted(w, (await w.signUp()).access)).email,
    ],
    [
      'a reset',
      '/account/password/reset/confirm',
      {},
      async (w) => {
        const { email } = await w.signUp();
        await w.post('/account/password/reset', { email });
        return email;
      },
    ],
  ];

  it.each(ENDPOINTS)('of %s leads to %s with the token in the fragment', async (_, path, vars, send) => {
    const w = world({ vars });
    const [mail] = await mailsTo(w, await send(w));
    const link = `http://localhost${path}#token=${mail?.token}`;
    expect(mail?.text.split('\n\n')).toContain(link);
    expect(mail?.html).toContain(`href="${link}"`);
    expect(mail?.token).toMatch(/^([0-9a-f-]{36}|[0-9a-f]{64})\.[\w-]{43}$/);
  });

  it.each(ENDPOINTS)(
    'of %s has PUBLIC_URL as its base, whatever the request says',
    async (_, path, vars, send) => {
      const w = world({ vars: { ...vars, PUBLIC_URL: 'https://accounts.example.org/id/' } });
      const [mail] = await mailsTo(w, await send(w));
      expect(mail?.text).toContain(`https://accounts.example.org/id${path}#token=${mail?.token}`);
      expect(`${mail?.text}${mail?.html}`).not.toContain('localhost');
      expect(mail?.text).toContain('accounts.example.org');
    },
  );

  const OWN = {
    RESET_URL: 'https://app.example.org/reset?for={uid}#token={token}',
    VERIFY_URL: 'https://app.example.org/verify/{token}',
  };

  it.each(ENDPOINTS)(
    'of %s leads to the site’s own page, and its code to ours',
    async (_, path, vars, send) => {
      const w = world({ vars: { ...vars, ...OWN } });
      const [mail] = await mailsTo(w, await send(w));
      const token = mail?.token ?? '';
      const uid = btoa(token.split('.')[0] ?? '').replace(/=+$/, '');
      const link = path.includes('reset')
        ? `https://app.example.org/reset?for=${uid}#token=${token}`
        : `https://app.example.org/verify/${token}`;
      expect(mail?.text.split('\n\n')).toContain(link);
      expect(mail?.html).toContain(`href="${link}"`);
      expect(mail?.text).toContain(`open http://localhost${path} and paste this code:\n\n${token}`);
      expect(mail?.text).not.toContain(`http://localhost${path}#`);
    },
  );

  it('that disowns the account is never the site’s own', async () => {
    const w = world({ vars: OWN });
    const { email } = await w.signUp();
    const [mail] = await mailsTo(w, email);
    expect(mail?.text.split('\n\n')).toContain(`http://localhost/account/email/disown#token=${mail?.token}`);
  });

  it('is in an email that names the site by SITE_NAME', async () => {
    const w = world({ vars: { SITE_NAME: 'Acme & Söhne', PUBLIC_URL: 'https://accounts.example.org' } });
    const { email } = await w.signUp();
    const [mail] = await mailsTo(w, email);
    expect(mail?.text).toContain('Welcome to Acme & Söhne.');
    expect(mail?.html).toContain('Welcome to Acme &#38; Söhne.');
  });

  const resetAt = (w: World, url: string, email: string, headers: Record<string, string> = {}) =>
    w.fetch(
      new Request(`${url}/account/password/reset`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ email }),
      }),
    );

  it('has the request’s origin as its base in development without PUBLIC_URL', async () => {
    const w = world();
    const who = await w.signUp();
    await resetAt(w, 'http://127.0.0.1:9001', who.email);
    expect((await mailsTo(w, who.email))[0]?.text).toContain('http://127.0.0.1:9001/account/password/reset');
  });

  it('is never taken from a header that a client can write', async () => {
    const w = world();
    const who = await w.signUp();
    await resetAt(w, 'http://localhost:8787', who.email, {
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'gopher',
      Forwarded: 'host=evil.example',
      Origin: 'https://evil.example',
      Referer: 'https://evil.example/',
    });
    const [mail] = await mailsTo(w, who.email);
    expect(mail?.text).toContain('http://localhost:8787/account/password/reset');
    expect(`${mail?.text}${mail?.html}`).not.toContain('evil');
  });

  it('has PUBLIC_URL as its base in production, even if the request came to another host', async () => {
    const { sent, EMAIL } = emailBinding();
    const who = await world().signUp();
    const w = world({
      vars: { ...CLOUDFLARE, ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' },
      bindings: { EMAIL },
    });
    await resetAt(w, 'https://evil.example', who.email);
    expect(sent[0]?.text).toContain('https://accounts.example.org/account/password/reset/confirm#token=');
    expect(JSON.stringify(sent)).not.toContain('evil');
  });
});

describe('the language of a mail is that of the request', () => {
  const ko = { headers: { 'Accept-Language': 'ko-KR,ko;q=0.9,en;q=0.5' } };

  it.each<[string, Vars, (w: World) => Promise<string>, string]>([
    [
      'a sign-up',
      {},
      async (w) => {
        const who = person();
        await w.post('/account/sign-up', who, ko);
        return who.email;
      },
      mails.ko.verify_email.subject,
    ],
    [
      'a pending sign-up',
      { SIGN_UP: 'verify' },
      async (w) => {
        const who = person('pending');
        await w.post('/account/sign-up', who, ko);
        return who.email;
      },
      mails.ko.confirm_sign_up.subject,
    ],
    [
      'a pending sign-up of a known address',
      { SIGN_UP: 'verify' },
      async (w) => {
        const { email } = await world().signUp();
        w.clock.advance(60);
        await w.post('/account/sign-up', { email, password: PASSWORD }, ko);
        return email;
      },
      mails.ko.address_has_account.subject,
    ],
    [
      'a reset',
      {},
      async (w) => {
        const { email } = await w.signUp();
        await w.post('/account/password/reset', { email }, ko);
        return email;
      },
      mails.ko.password_reset.subject,
    ],
    [
      'a change of password',
      {},
      async (w) => {
        const { email, access } = await w.signUp();
        await w.post(
          '/account/password/change',
          { current_password: PASSWORD, new_password: OTHER_PASSWORD },
          { token: access, ...ko },
        );
        return email;
      },
      mails.ko.password_changed.subject,
    ],
    [
      'a removal of the password',
      {},
      async (w) => {
        const { email, access, user } = await w.signUp();
        await w.rows('UPDATE users SET passkey_count = 1 WHERE id = ?', user.id);
        await w.ask('DELETE', '/account/password', { body: { password: PASSWORD }, token: access, ...ko });
        return email;
      },
      mails.ko.own_password_removed.subject,
    ],
    [
      'a change of address, to the old one',
      {},
      async (w) => {
        const { email, access } = await w.signUp();
        await w.post(
          '/account/email/change',
          { new_email: person('wanted').email, password: PASSWORD },
          { token: access, ...ko },
        );
        return email;
      },
      mails.ko.email_change_asked.subject,
    ],
    [
      'a change of address that is confirmed',
      {},
      async (w) => {
        const { email, access } = await w.signUp();
        await w.post('/account/email/verify', { token: (await wanted(w, access)).token }, ko);
        return email;
      },
      mails.ko.email_changed.subject,
    ],
  ])('%s in Korean', async (_, vars, send, subject) => {
    const w = world({ vars });
    const [mail] = await mailsTo(w, await send(w));
    expect(mail?.subject).toBe(subject);
    expect(mail?.html).toContain('<html lang="ko">');
    expect(mail?.text).toMatch(/[가-힣]/);
  });

  it.each(['', 'fr', 'xx;q=1', 'en, ko;q=0.5', 'ko;q=0'])('English for `%s`', async (header) => {
    const w = world();
    const who = person();
    await w.post('/account/sign-up', who, { headers: { 'Accept-Language': header } });
    expect(await subjectsTo(w, who.email)).toEqual(['Confirm your e-mail address']);
  });
});

describe('the language of an email that staff cause is the user’s own', () => {
  const KO = { headers: { 'Accept-Language': 'ko-KR,ko;q=0.9,en;q=0.5' } };
  const EN = { headers: { 'Accept-Language': 'en' } };

  async function staffOf(w: World) {
    const { user, access } = await w.signUp(person('staff'));
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', user.id);
    return { token: access, ...EN };
  }
  const languageOf = async (w: World, id: string) =>
    (await w.rows('SELECT language FROM users WHERE id = ?', id))[0]?.language;
  const signedUp = async (w: World, options: { headers?: Record<string, string> } = KO) => {
    const who = person();
    const { user, access } = (await w.post('/account/sign-up', who, options)).body;
    return { ...who, id: user.id as string, access: access as string };
  };

  it.each<[string, (w: World, id: string, staff: { token: string }) => Promise<Answer>, string]>([
    [
      'a reset of the password',
      (w, id, staff) => w.post(`/admin/api/users/${id}/password-reset`, {}, staff),
      '비밀번호 재설정',
    ],
    [
      'a new username',
      (w, id, staff) => w.patch(`/admin/api/users/${id}`, { username: username() }, staff),
      '사용자 이름이 변경되었습니다',
    ],
    [
      'becoming staff',
      async (w, id, staff) => {
        await w.rows('UPDATE users SET email_verified_at = 5 WHERE id = ?', id);
        return w.patch(`/admin/api/users/${id}`, { is_staff: true }, staff);
      },
      '운영진이 되었습니다',
    ],
    [
      'a deletion',
      (w, id, staff) => w.delete(`/admin/api/users/${id}`, undefined, staff),
      '계정이 삭제되었습니다',
    ],
  ])('%s', async (_, act, subject) => {
    const w = world();
    const who = await signedUp(w);
    expect((await act(w, who.id, await staffOf(w))).status).toBeLessThan(300);
    expect((await subjectsTo(w, who.email))[0]).toBe(subject);
  });

  it.each<[string, Vars]>([
    ['', {}],
    [' without UPDATE_LAST_LOGIN', { UPDATE_LAST_LOGIN: 'false' }],
  ])('it is that of the last log-in that named one%s', async (_, vars) => {
    const w = world({ vars });
    const who = await signedUp(w, EN);
    const { id } = who;
    expect(await languageOf(w, id)).toBe('en');
    await w.post('/account/login', who, KO);
    expect(await languageOf(w, id)).toBe('ko');
    for (const header of ['', '*', 'fr']) {
      await w.post('/account/login', who, { headers: { 'Accept-Language': header } });
      expect(await languageOf(w, id)).toBe('ko');
    }
    const { language, user } = (await w.get('/account/export', { token: who.access })).body;
    expect([language, user.language]).toEqual(['ko', undefined]);
  });

  it('it is that of the staff if the user named none', async () => {
    const w = world();
    const who = await signedUp(w, { headers: { 'Accept-Language': '*' } });
    expect(await languageOf(w, who.id)).toBe(null);
    const staff = await staffOf(w);
    await w.patch(`/admin/api/users/${who.id}`, { username: username() }, { ...staff, ...KO });
    expect((await subjectsTo(w, who.email))[0]).toBe('사용자 이름이 변경되었습니다');
  });

  it('a sign-up that waits for its mail has that of the confirmation', async () => {
    const w = world({ vars: { SIGN_UP: 'verify' } });
    const who = person();
    await w.post('/account/sign-up', who, EN);
    const token = await tokenTo(w, who.email);
    await w.post('/account/email/verify', { token, password: who.password }, KO);
    expect(await usersOf(w, who.email)).toMatchObject([{ language: 'ko' }]);
  });
});
