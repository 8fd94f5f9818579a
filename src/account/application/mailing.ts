/** One-time tokens and the mails that carry them. */

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

/** What a mail carries. */
type MailedPurpose = Exclude<OneTimePurpose, 'second_factor' | 'exchange' | 'connect'>;

/** Seconds a link works. */
const ONE_TIME_LIFETIME: Readonly<Record<MailedPurpose, number>> = {
  password_reset: HOUR_SECONDS / 2,
  // Confirms for VERIFIES_FOR_SECONDS; disowns as long as the address is unverified, which removes the row.
  email_verify: 10 * YEAR_SECONDS,
  email_disown: 10 * YEAR_SECONDS,
  email_change: 24 * HOUR_SECONDS,
  email_take_back: 72 * HOUR_SECONDS,
  sign_up: 24 * HOUR_SECONDS,
  email_sign_in: HOUR_SECONDS / 4,
};

/** How long the mail of a sign-up confirms its address. */
export const VERIFIES_FOR_SECONDS = 24 * HOUR_SECONDS;

const SECRET_BYTES = 32;

/** What D1 keeps, and the secret that only the mail has. */
export async function newOneTimeToken(
  { random }: Services,
  purpose: MailedPurpose,
  now: number,
  payload: string | null = null,
): Promise<{ secret: string; row: Omit<OneTimeToken, 'subject'> }> {
  const secret = random.secret(SECRET_BYTES);
  return {
    secret,
    row: {
      purpose,
      hash: await sha256Hex(secret),
      payload,
      createdAt: now,
      expiresAt: now + ONE_TIME_LIFETIME[purpose],
    },
  };
}

/** `<subject>.<secret>` → its halves, the secret hashed; null where it cannot be one. */
export async function parseOneTimeToken(token: string): Promise<{ subject: string; hash: string } | null> {
  const match = /^([0-9a-f-]{36}|[0-9a-f]{64})\.([A-Za-z0-9_-]{43})$/.exec(token);
  return match ? { subject: match[1] as string, hash: await sha256Hex(match[2] as string) } : null;
}

/** Below the account app. */
const PAGES = {
  password_reset: '/password/reset/confirm',
  email_verify: '/email/verify',
  email_disown: '/email/disown',
  email_change: '/email/verify',
  email_take_back: '/email/take-back',
  sign_up: '/email/verify',
  email_sign_in: '/login/email/confirm',
} as const satisfies Record<MailedPurpose, string>;

/** The page that a site has of its own for a link. */
const OWN_PAGE = {
  password_reset: 'RESET_URL',
  email_verify: 'VERIFY_URL',
  email_change: 'VERIFY_URL',
  sign_up: 'VERIFY_URL',
} as const satisfies Partial<Record<MailedPurpose, keyof Settings>>;

/** With whose token it is in `{uid}`, as djoser's links have it. Neither needs to be escaped. */
function ownLink(settings: Settings, purpose: MailedPurpose, subject: string, token: string) {
  const template = purpose in OWN_PAGE ? settings[OWN_PAGE[purpose as keyof typeof OWN_PAGE]] : undefined;
  return template?.replaceAll('{token}', token).replaceAll('{uid}', toBase64Url(utf8(subject)));
}

/** Where an account was made from, as its verification token keeps it for later mails. */
export const placePayload = ({ ip, country }: Client): string => JSON.stringify({ ip, country });
export const placeOf = (payload: string | null): Pick<Client, 'ip' | 'country'> =>
  payload === null ? { ip: null, country: null } : (JSON.parse(payload) as Pick<Client, 'ip' | 'country'>);

/** What a mail carries: the token, and when and from where it was asked for. */
export interface Carried {
  subject: string;
  purpose: MailedPurpose;
  secret: string;
  /** To be typed instead. */
  code?: string;
  made?: { at: number; by: Pick<Client, 'ip' | 'country'>; device?: string };
}

/** For a mail that somebody else causes: in the user's own language, where one is known. */
export const inLanguageOf = (user: Pick<User, 'language'>, call: Call): Call => ({
  ...call,
  language: LANGUAGES.find((known) => known === user.language) ?? call.language,
});

/** A turn of the event loop: what is awaited with it is done after the answer has gone. */
const afterAnswer = () => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * Writes and sends a mail in the background: neither the answer nor its duration tells whether there was one. `to` null:
 * it is written and sent to nobody, for somebody without an address, and where the same work has to be done for an
 * address that nobody has. A mail that fails is a line in the log; people ask again.
 */
export async function sendMail(
  { mailer, settings }: Pick<Services, 'mailer' | 'settings'>,
  call: Call,
  name: MailName,
  to: string | null,
  carried?: Carried,
  told: Pick<Carried, 'made'> = carried ?? {},
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
      ...(carried && { lifetimeSeconds: ONE_TIME_LIFETIME[carried.purpose] }),
      ...(told.made && { made: told.made }),
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
