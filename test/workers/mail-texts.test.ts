/** What emails say, the pages that their links open, and the inbox of development. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { MailName } from '../../src/languages/en/mails.ts';
import { LANGUAGES, type Language, mails } from '../../src/languages/index.ts';
import { composeMail, type MailValues } from '../../src/mail/compose.ts';
import { kvInbox } from '../../src/mail/inbox.ts';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import {
  CLOUDFLARE,
  emailBinding,
  type Mail,
  mailsTo,
  OTHER_PASSWORD,
  resend,
  subjectsTo,
  tokenTo,
  userOf,
  verify,
} from '../support/mail.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, atOnce, codeOf, person, type World, world } from '../support/world.ts';

const log = capturedLog();

const DAY = 86_400;

describe('the templates of e-mails', () => {
  const PAGE = 'https://accounts.example.org/account/email/verify';
  const LINK = `${PAGE}#token=a.b`;
  const all = (Object.keys(mails.en) as MailName[]).flatMap((name) =>
    LANGUAGES.map((language) => [name, language] as const),
  );
  const DISOWN = 'https://accounts.example.org/account/email/disown#token=a.b';
  const compose = (
    name: MailName,
    language: Language,
    to = 'mina@example.com',
    link: string | null = LINK,
    more: Partial<MailValues> = {},
  ) =>
    composeMail(name, language, to, {
      site: 'accounts.example.org',
      link,
      page: PAGE,
      secondLink: DISOWN,
      token: 'a.b',
      lifetimeSeconds: 1_800,
      made: { at: 1_795_000_000, by: { ip: '203.0.113.7', country: 'KR' } },
      ...more,
    });

  it.each(all)('%s in %s has its own subject and text, with every placeholder filled', (name, language) => {
    const mail = compose(name, language);
    expect(mail.subject.trim()).not.toBe('');
    expect(mail.subject).not.toMatch(/[\r\n]/);
    expect(mail.text).toContain('mina@example.com');
    expect(`${mail.subject}${mail.text}${mail.html}`).not.toMatch(/\{\w+\}|undefined|null|\[object/);
    expect(mail.html).toContain(`<html lang="${language}">`);
    expect(mail.html).toContain('<!doctype html>');
  });

  it.each(all)('%s in %s says the same in its text and its HTML', (name, language) => {
    const mail = compose(name, language);
    const shown = mail.html
      .replace(/<[^>]+>/g, ' ')
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
    for (const paragraph of mail.text.split('\n\n')) expect(shown).toContain(paragraph);
  });

  it.each(all)('%s in %s has a table layout, a preview text and a dark scheme', (name, language) => {
    const { html, text } = compose(name, language);
    const body = html.slice(html.indexOf('<body'));
    const [preheader = ''] = body.match(/<div style="display:none[^>]*>[^<]*<\/div>/) ?? [];
    expect(text.startsWith(preheader.replace(/<[^>]+>/g, '').replaceAll('&#38;', '&'))).toBe(true);
    expect(body.indexOf(preheader)).toBeLessThan(body.indexOf('<table'));
    expect(body.match(/<table(?! role="presentation")/g)).toBe(null);
    // No style sheet: clients drop it. No colour of text but the button's: it would stay where the ground turns dark.
    expect(html).not.toMatch(/<style|class=/);
    expect(new Set(body.match(/(?<![-\w])color:[^;"]*/g) ?? ['color:#ffffff'])).toEqual(
      new Set(['color:#ffffff']),
    );
    for (const tag of body.match(/<(?:p|a|td)\b[^>]*>/g) ?? []) expect(tag).toMatch(/style="|<td align/);
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(body).toContain('>accounts.example.org</p>');
  });

  it.each(Object.keys(mails.en) as MailName[])('%s has a link in every language, or in none', (name) => {
    const linked = LANGUAGES.map((language) => {
      const mail = compose(name, language);
      expect(mail.html.includes(`href="${LINK}"`)).toBe(mail.text.includes(LINK));
      return mail.text.includes(LINK);
    });
    expect(new Set(linked).size).toBe(1);
  });

  it('those with a token have a link, and notifications have none', () => {
    const linked = (Object.keys(mails.en) as MailName[]).filter((name) =>
      compose(name, 'en').text.includes(LINK),
    );
    expect(linked.sort()).toEqual([
      'address_set',
      'confirm_sign_up',
      'email_change',
      'email_changed',
      'invitation',
      'password_reset',
      'sign_in_code',
      'verify_email',
    ]);
  });

  it('those with a link also have the code in its own paragraph, and the page to enter it', () => {
    for (const name of ['verify_email', 'password_reset'] as const) {
      const paragraphs = compose(name, 'en').text.split('\n\n');
      expect(paragraphs).toContain('a.b');
      expect(paragraphs).toContain(
        'If the link does not work, open https://accounts.example.org/account/email/verify and paste this code:',
      );
    }
  });

  it.each<[Language, string | null, string | null, string]>([
    ['en', '203.0.113.7', 'KR', '2026-11-18 11:06 UTC from South Korea (203.0.113.7)'],
    ['ko', '203.0.113.7', 'KR', '위치: 대한민국 (203.0.113.7)'],
    ['en', '203.0.113.7', null, 'from 203.0.113.7.'],
    ['en', null, 'KR', 'from South Korea.'],
    ['en', null, 'T1', 'from T1.'],
    ['en', null, null, 'from an unknown place.'],
    ['ko', null, null, '위치: 알 수 없음'],
  ])('in %s say where from, of %s and %s: %s', (language, ip, country, place) => {
    const made = { at: 1_795_000_000, by: { ip, country } };
    for (const name of ['verify_email', 'confirm_sign_up'] as const) {
      expect(compose(name, language, undefined, LINK, { made }).text).toContain(place);
    }
  });

  it('have a second link to disown the account only in the verification email', () => {
    const linked = (Object.keys(mails.en) as MailName[]).filter((name) =>
      compose(name, 'en').text.includes(DISOWN),
    );
    expect(linked).toEqual(['verify_email']);
  });

  it.each(all)('%s in %s escapes what users choose', (name, language) => {
    const mail = compose(name, language, `a&b'"<i>@example.com`, `https://x.example/?a="><script>&`);
    expect(mail.html).not.toContain('<i>');
    expect(mail.html).not.toContain('<script>');
    expect(mail.html).not.toContain(`a&b`);
    expect(mail.html.match(/"/g)?.length).toBe(compose(name, language).html.match(/"/g)?.length);
  });

  it.each(all)('%s in %s fills in what users choose once, without expanding it', (name, language) => {
    expect(compose(name, language, '{site}{minutes}@example.com').text).toContain(
      '{site}{minutes}@example.com',
    );
  });
});

describe('the pages that links in e-mails open', () => {
  const CSP =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
  const PAGES: [string, Record<Language, string>][] = [
    ['/account/email/verify', { en: 'Confirm your e-mail address', ko: '이메일 주소 확인' }],
    ['/account/password/reset/confirm', { en: 'Choose a new password', ko: '새 비밀번호 정하기' }],
    ['/account/email/disown', { en: 'This wasn’t me', ko: '본인이 아닙니다' }],
    ['/account/email/take-back', { en: 'Take your address back', ko: '내 주소 되찾기' }],
  ];
  const cases = PAGES.flatMap(([path, titles]) =>
    LANGUAGES.flatMap((language) =>
      [path, `${path}/`].map((spelled) => [spelled, language, titles[language]] as const),
    ),
  );

  it.each(cases)('%s in %s', async (path, language, title) => {
    const answer = await world().get(path, { headers: { 'Accept-Language': language } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toMatch(/^text\/html; ?charset=utf-8$/i);
    expect(answer.headers.get('Content-Security-Policy')).toBe(CSP);
    expect(answer.headers.get('Content-Language')).toBe(language);
    expect(answer.headers.get('Vary')).toContain('Accept-Language');
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect(answer.headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(answer.text).toMatch(new RegExp(`^<!doctype html><html lang="${language}">`, 'i'));
    expect(answer.text).toContain(`<title>${title} · localhost</title>`);
    expect(answer.text).toContain('<span>localhost</span>');
    expect(answer.text).toContain('<script type="module" src="/account/static/mail-link.js"></script>');
  });

  it.each(PAGES)('%s names the site, and offers to continue at RETURN_URL once it is done', async (path) => {
    const vars = { SITE_NAME: 'Acme', RETURN_URL: 'https://app.example.org/?from=mail&x=1' };
    const { text } = await world({ vars }).get(path);
    expect(text).toContain(' · Acme</title>');
    expect(text).toContain('<span>Acme</span>');
    expect(text).toContain('<p><a href="https://app.example.org/?from=mail&amp;x=1">Continue</a></p>');
    expect((await world().get(path)).text).not.toContain('>Continue<');
  });

  it.each([
    ['/account/email/verify', 'ko', '<a href="/account/sign-in">로그인</a>'],
    ['/account/password/reset/confirm', 'en', '<a href="/account/sign-in">Sign in</a>'],
    ['/account/login/email/confirm', 'en', '<a href="/account/settings">Your account</a>'],
  ])('without RETURN_URL %s leads to one of the account pages, if it is on', async (path, language, link) => {
    const vars = { SIGN_IN_BY_EMAIL: 'on' };
    const headers = { 'Accept-Language': language };
    expect((await world({ vars }).get(path, { headers })).text).toContain(link);
    const off = await world({ vars: { ...vars, PAGES: 'off' } }).get(path, { headers });
    expect([off.status, off.text.includes('<a href')]).toEqual([200, false]);
  });

  it.each(PAGES)('%s has no inline script or style, and no form target', async (path) => {
    const { text } = await world().get(path);
    expect(text).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*src=)|action=/);
  });

  it.each(PAGES)('%s answers HEAD like GET, without a body', async (path) => {
    const answer = await world().ask('HEAD', path);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers.get('Content-Security-Policy')).toBe(CSP);
  });

  it.each(PAGES)('%s echoes nothing of the request', async (path) => {
    const { text } = await world().get(`${path}?token=<b>x</b>&next=https://evil.example`, {
      headers: { Referer: 'https://evil.example/', 'Accept-Language': '"><b>' },
    });
    expect(text).not.toMatch(/evil|<b>/);
  });

  it.each<[string, (w: World, email: string) => Promise<unknown>, (w: World, t: string) => Promise<Answer>]>([
    ['/account/email/verify', async () => undefined, (w, token) => verify(w, token)],
    [
      '/account/password/reset/confirm',
      (w, email) => w.post('/account/password/reset', { email }),
      (w, token) => w.post('/account/password/reset/confirm', { token, new_password: OTHER_PASSWORD }),
    ],
  ])('%s opened with the token changes nothing and calls no store: the token still works', async (...c) => {
    const [path, ask, use] = c;
    const watched = watchedD1();
    const counted = counting();
    const plain = world();
    const w = world({ bindings: { DB: watched.DB, BLACKLIST: counted.bindings.BLACKLIST } });
    const who = await plain.signUp();
    await ask(plain, who.email);
    const token = await tokenTo(plain, who.email);
    const cost = await counted.of(async () => {
      for (const method of ['GET', 'HEAD']) {
        for (const query of ['', `?token=${token}`]) await w.ask(method, `${path}${query}`);
      }
    });
    expect(watched.trips).toEqual([]);
    expect(cost.kv).toEqual({ gets: 0, puts: 0 });
    expect((await userOf(plain, who.access)).email_verified).toBe(false);
    expect((await use(plain, token)).status).toBe(204);
  });
});

describe('/dev/mail', () => {
  it('is JSON unless HTML is requested, newest first, in exactly this shape', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(1);
    await w.post('/account/password/reset', { email: who.email });
    const answer = await w.get(`/dev/mail?to=${who.email}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toBe('application/json');
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    const mails = answer.body.messages as Mail[];
    expect(Object.keys(answer.body)).toEqual(['messages']);
    expect(mails.map(({ subject }) => subject)).toEqual([
      'Reset your password',
      'Confirm your e-mail address',
    ]);
    for (const mail of mails) {
      expect(Object.keys(mail).sort()).toEqual([
        'created_at',
        'html',
        'id',
        'subject',
        'text',
        'to',
        'token',
      ]);
      expect(mail.created_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect(mail.to).toBe(who.email);
    }
    expect(Date.parse(mails[0]?.created_at ?? '')).toBe(Date.parse(mails[1]?.created_at ?? '') + 1_000);
    expect(new Set(mails.map(({ id }) => id)).size).toBe(2);
  });

  it('keeps the order of emails of the same moment', async () => {
    const w = world();
    const who = await w.signUp();
    for (let i = 0; i < 5; i++) await resend(w, who.access);
    const tokens = (await mailsTo(w, who.email)).map(({ token }) => token);
    expect(tokens).toHaveLength(6);
    expect((await verify(w, tokens[0])).status).toBe(204);
  });

  it.each<[string, (email: string) => string]>([
    ['as it is', (email) => email],
    ['in capitals', (email) => email.toUpperCase()],
    ['with white space around it', (email) => ` ${email}\t`],
    ['with its domain in ASCII', (email) => email.replace('bücher', 'xn--bcher-kva')],
    ['decomposed', (email) => email.normalize('NFD')],
  ])('`?to=` finds an address %s', async (_, spell) => {
    const w = world();
    const who = { ...person(), email: `${crypto.randomUUID().slice(0, 8)}@bücher.example` };
    await w.signUp(who);
    expect(await subjectsTo(w, spell(who.email))).toEqual(['Confirm your e-mail address']);
  });

  it.each([
    ['of nobody', 'nobody-at-all@example.com'],
    ['that is no address', 'x'],
    ['that is empty', ''],
    ['that is the beginning of one', 'user'],
  ])('`?to=` %s finds nothing', async (_, to) => {
    const w = world();
    await w.signUp();
    expect(await mailsTo(w, to)).toEqual([]);
  });

  it('`?to=` finds an email older than hundreds of others', async () => {
    const w = world({ now: Date.now() - DAY * 1_000 });
    const who = await w.signUp();
    const { mailer } = kvInbox(env.BLACKLIST, Date.now, 10_000);
    const to = person('crowd').email;
    const mail = {
      kind: 'verify_email',
      language: 'en',
      to,
      subject: 'x',
      text: 'x',
      html: 'x',
      token: null,
    } as const;
    await atOnce(300, () => mailer.send(mail));
    expect(await subjectsTo(w, who.email)).toEqual(['Confirm your e-mail address']);
    expect(await mailsTo(w, mail.to)).toHaveLength(200);
  });

  it('without `?to=` has the email of all users', async () => {
    const w = world({ now: Date.now() + 60 * DAY * 1_000 });
    const [one, two] = [await w.signUp(), await w.signUp()];
    const mails = (await w.get('/dev/mail')).body.messages as Mail[];
    const receivers = mails.map(({ to }) => to).filter((to) => [one.email, two.email].includes(to));
    expect(receivers).toEqual([two.email, one.email]);
  });

  it.each<[string | undefined, 'json' | 'html']>([
    [undefined, 'json'],
    ['application/json', 'json'],
    ['*/*', 'json'],
    ['text/html', 'html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['text/html;q=0.5, application/json', 'json'],
    ['application/json;q=0.5, text/html', 'html'],
    ['image/png', 'json'],
  ])('answers Accept: %s with %s', async (accept, kind) => {
    const answer = await world().get(
      '/dev/mail',
      accept === undefined ? {} : { headers: { Accept: accept } },
    );
    expect(answer.headers.get('Content-Type')).toContain(kind);
    expect(answer.headers.get('Vary')).toContain('Accept');
    expect(answer.status).toBe(200);
  });

  it('as a page shows hostile addresses as text, and runs nothing', async () => {
    const w = world();
    const local = `'&\`{{x}}=!${crypto.randomUUID().slice(0, 6)}`;
    const who = {
      ...person(),
      email: `${local}@example.com`,
      name: '<img src=x onerror=alert(1)>',
    };
    expect((await w.signUp(who)).answer.status).toBe(201);
    const answer = await w.get(`/dev/mail?to=${encodeURIComponent(who.email)}`, {
      headers: { Accept: 'text/html' },
    });
    expect(answer.text).toContain('<article>');
    expect(answer.text).not.toContain(local);
    expect(answer.text).toContain(local.replaceAll('&', '&amp;').replaceAll("'", '&#39;'));
    expect(answer.text).not.toMatch(/<img|<script|onerror|style=/);
    expect(answer.headers.get('Content-Security-Policy')).toContain("default-src 'none'; script-src 'self'");
  });

  it('as a page has the link', async () => {
    const w = world();
    const who = await w.signUp();
    const { text } = await w.get(`/dev/mail?to=${who.email}`, { headers: { Accept: 'text/html' } });
    expect(text).toContain(
      `<a href="http://localhost/account/email/verify#token=${await tokenTo(w, who.email)}"`,
    );
  });

  it('as a page is in Korean if the request asks for Korean', async () => {
    const w = world();
    const who = await w.signUp();
    const { headers, text } = await w.get(`/dev/mail?to=${who.email}`, {
      headers: { Accept: 'text/html', 'Accept-Language': 'ko-KR' },
    });
    expect(headers.get('Content-Language')).toBe('ko');
    expect(text).toContain('<h1>개발용 메일함</h1>');
    expect(text).toContain(`받는 사람: ${who.email}`);
  });

  it('as a page says if there is none', async () => {
    const { text } = await world().get('/dev/mail?to=nobody@example.com', {
      headers: { Accept: 'text/html' },
    });
    expect(text).toContain('No e-mails yet');
  });

  it('keeps mail for an hour', async () => {
    const w = world({ now: Date.now() + 90 * DAY * 1_000 });
    await w.signUp();
    const { keys } = await env.BLACKLIST.list({ prefix: 'mail:', limit: 1 });
    const left = (keys[0]?.expiration ?? 0) - Date.now() / 1_000;
    expect(left).toBeGreaterThan(3_500);
    expect(left).toBeLessThanOrEqual(3_601);
  });

  it.each(['GET', 'HEAD', 'POST', 'OPTIONS'])('%s is 404 outside development', async (method) => {
    const { EMAIL } = emailBinding();
    for (const vars of [{}, CLOUDFLARE]) {
      const w = world({
        vars: { ...vars, ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' },
        bindings: { EMAIL },
      });
      expect((await w.ask(method, '/dev/mail')).status).toBe(404);
    }
  });

  it('configured outside development is misconfigured', async () => {
    const w = world({ vars: { ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000', MAIL: 'inbox' } });
    expect(codeOf(await w.get('/dev/mail'))).toBe('misconfigured');
  });

  it('that cannot be written is logged, and the sign-up succeeds', async () => {
    const failing = new Proxy(env.BLACKLIST, {
      get: (target, name) =>
        name === 'put'
          ? () => Promise.reject(new Error('KV is away'))
          : (Reflect.get(target, name) as () => unknown).bind(target),
    });
    const who = await world({ bindings: { BLACKLIST: failing } }).signUp();
    expect(who.answer.status).toBe(201);
    expect(log.of('mail_failed')).toMatchObject([{ mail: 'verify_email', error: 'Error' }]);
  });
});
