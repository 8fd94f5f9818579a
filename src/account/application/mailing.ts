/** One-time tokens and the e-mails that carry them. */

import { sha256Hex, toBase64Url, utf8 } from '../../encoding.ts';
import type { MailName } from '../../languages/en/mails.ts';
import { LANGUAGES } from '../../languages/index.ts';
import { composeMail } from '../../mail/compose.ts';
import type { OneTimePurpose, OneTimeToken, User } from '../../model.ts';
import type { Call, Client, Mail } from '../../ports.ts';
import type { Settings } from '../../settings.ts';
import type { Services } from './tokens.ts';

const HOUR_SECONDS = 3_600;
const YEAR_SECONDS = 365 * 24 * HOUR_SECONDS;

/** Purposes whose token is sent by e-mail. */
type MailedPurpose = Exclude<OneTimePurpose, 'second_factor' | 'exchange' | 'connect'>;

/** In seconds. */
const ONE_TIME_LIFETIME: Readonly<Record<MailedPurpose, number>> = {
  password_reset: HOUR_SECONDS / 2,
  // Confirms for VERIFIES_FOR_SECONDS, disowns until the address is verified. Verification deletes the row.
  email_verify: 10 * YEAR_SECONDS,
  email_disown: 10 * YEAR_SECONDS,
  email_change: 24 * HOUR_SECONDS,
  email_take_back: 72 * HOUR_SECONDS,
  sign_up: 24 * HOUR_SECONDS,
  email_sign_in: HOUR_SECONDS / 4,
};

/** How long the e-mail of a sign-up can confirm its address. */
export const VERIFIES_FOR_SECONDS = 24 * HOUR_SECONDS;

/** How long the link of an invitation works. */
export const INVITATION_SECONDS = 72 * HOUR_SECONDS;

const SECRET_BYTES = 32;

/** The row for D1, and the secret, which only the e-mail contains. */
export async function newOneTimeToken(
  { random }: Services,
  purpose: MailedPurpose,
  now: number,
  payload: string | null = null,
  lifetimeSeconds = ONE_TIME_LIFETIME[purpose],
): Promise<{ secret: string; row: Omit<OneTimeToken, 'subject'> }> {
  const secret = random.secret(SECRET_BYTES);
  return {
    secret,
    row: {
      purpose,
      hash: await sha256Hex(secret),
      payload,
      createdAt: now,
      expiresAt: now + lifetimeSeconds,
    },
  };
}

/** Splits `<subject>.<secret>` and hashes the secret. Null if the text has another form. */
export async function parseOneTimeToken(token: string): Promise<{ subject: string; hash: string } | null> {
  const match = /^([0-9a-f-]{36}|[0-9a-f]{64})\.([A-Za-z0-9_-]{43})$/.exec(token);
  return match ? { subject: match[1] as string, hash: await sha256Hex(match[2] as string) } : null;
}

/** Built-in pages, relative to the account app. */
const PAGES = {
  password_reset: '/password/reset/confirm',
  email_verify: '/email/verify',
  email_disown: '/email/disown',
  email_change: '/email/verify',
  email_take_back: '/email/take-back',
  sign_up: '/email/verify',
  email_sign_in: '/login/email/confirm',
} as const satisfies Record<MailedPurpose, string>;

/** Settings that replace a built-in page with one of the site's own. */
const OWN_PAGE = {
  password_reset: 'RESET_URL',
  email_verify: 'VERIFY_URL',
  email_change: 'VERIFY_URL',
  sign_up: 'VERIFY_URL',
} as const satisfies Partial<Record<MailedPurpose, keyof Settings>>;

/** Fills in `{token}` and `{uid}`, the user's id as in djoser's links. Neither needs escaping. */
function ownLink(settings: Settings, purpose: MailedPurpose, subject: string, token: string) {
  const template = purpose in OWN_PAGE ? settings[OWN_PAGE[purpose as keyof typeof OWN_PAGE]] : undefined;
  return template?.replaceAll('{token}', token).replaceAll('{uid}', toBase64Url(utf8(subject)));
}

/** Where an account was created from. The verification token stores it for later e-mails. */
export const placePayload = ({ ip, country }: Client): string => JSON.stringify({ ip, country });
export const placeOf = (payload: string | null): Pick<Client, 'ip' | 'country'> =>
  payload === null ? { ip: null, country: null } : (JSON.parse(payload) as Pick<Client, 'ip' | 'country'>);

/** What an e-mail contains: the token, and when and from where it was requested. */
export interface Carried {
  subject: string;
  purpose: MailedPurpose;
  secret: string;
  /** How long the link is valid, if not as long as usual. Seconds. */
  lifetimeSeconds?: number;
  /** A short code to type instead of opening the link. */
  code?: string;
  made?: { at: number; by: Pick<Client, 'ip' | 'country'>; device?: string };
}

/** For an e-mail caused by somebody else's request: in the recipient's language, if it is known. */
export const inLanguageOf = (user: Pick<User, 'language'>, call: Call): Call => ({
  ...call,
  language: LANGUAGES.find((known) => known === user.language) ?? call.language,
});

/** Waits one turn of the event loop, so that the response leaves first. */
const afterAnswer = () => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * Composes and sends an e-mail in the background, so that neither the response nor its duration shows whether one was
 * sent. With `to` null it is composed but not sent: for users without an address, and to do the same work for unknown
 * addresses. A failure is logged and not retried; users can request another.
 */
export async function sendMail(
  { mailer, settings }: Pick<Services, 'mailer' | 'settings'>,
  call: Call,
  name: MailName,
  to: string | null,
  carried?: Carried,
  { made }: Pick<Carried, 'made'> = carried ?? {},
): Promise<void> {
  if (!mailer) return;
  const token = carried ? `${carried.subject}.${carried.secret}` : null;
  const pageOf = (purpose: MailedPurpose) => `${call.accountsUrl}${PAGES[purpose]}`;
  const linkTo = (purpose: MailedPurpose) =>
    ownLink(settings, purpose, carried?.subject ?? '', token ?? '') ?? `${pageOf(purpose)}#token=${token}`;
  const write = (): Mail =>
    composeMail(name, call.language, to ?? '', {
      site: call.site,
      link: carried ? linkTo(carried.purpose) : null,
      page: carried ? pageOf(carried.purpose) : null,
      secondLink: carried?.purpose === 'email_verify' ? linkTo('email_disown') : null,
      token,
      code: carried?.code,
      ...(carried && { lifetimeSeconds: carried.lifetimeSeconds ?? ONE_TIME_LIFETIME[carried.purpose] }),
      ...(made && { made }),
    });
  const send = async () => {
    try {
      const mail = write();
      if (to !== null) await mailer.send(mail);
    } catch (error) {
      call.report('error', 'mail_failed', {
        mail: name,
        error: error instanceof Error ? error.name : 'unknown',
      });
    }
  };
  if (mailer.awaited) await send();
  else call.waitUntil(afterAnswer().then(send));
}
