/**
 * What a host hands to `createAccounts()` and its like: claims of its own, hooks, a mailer, whose pages may call. What is
 * wrong with it is a TypeError when the app is made.
 */
import type { AccountEvent, EventType } from './events.ts';
import type { Language } from './languages/index.ts';
import type { Client, Mail } from './ports.ts';
import type { MailSender } from './setting-parsers.ts';
import { extraClaimsFault } from './token/extra-claims.ts';

/** Whom an access token is minted for. Times are epoch seconds. */
export interface ClaimsUser {
  id: string;
  email: string | null;
  username: string | null;
  name: string | null;
  isStaff: boolean;
  emailVerified: boolean;
  dateJoined: number;
}

/** The request that a host's function is called in. */
export interface HostCall<Env> {
  /** The bindings of the Worker. */
  env: Env;
  /** As in the log and in `X-Request-Id`. */
  requestId: string;
  client: Client;
  language: Language;
}
export interface ClaimsCall<Env> extends HostCall<Env> {
  sessionId: string;
}

const HOOKS = {
  userCreated: 'user.created',
  userUpdated: 'user.updated',
  userDeleted: 'user.deleted',
  emailVerified: 'email.verified',
  emailChanged: 'email.changed',
  passwordChanged: 'password.changed',
  signedIn: 'user.signed_in',
} as const satisfies Record<string, EventType>;
type HookName = keyof typeof HOOKS;

/** Called after the commit, while the answer is on its way: what they throw is a line in the log, `hook_failed`. */
export type Hooks<Env> = {
  readonly [Name in HookName]?: (event: AccountEvent<(typeof HOOKS)[Name]>, call: HostCall<Env>) => unknown;
};

/** `to`, `subject`, `text` and `html` are ready to be sent; `kind` and `token` are for a mail of the host's own words. */
export interface HostMail extends Mail {
  /** MAIL_FROM, where it is set. */
  from: MailSender | null;
}

export interface HostOptions<Env> {
  /**
   * More claims for the access token, at most 1 KiB as JSON; `c.var.account.claims` has them behind a guard. Called each
   * time an access token is minted, and once with a made-up user when the app is made, to refuse reserved names early.
   */
  claims?: (user: ClaimsUser, call: ClaimsCall<Env>) => object | Promise<object>;
  on?: Hooks<Env>;
  /** Sends mail in place of `MAIL`, which counts as being on. */
  mailer?: { send: (mail: HostMail, call: { env: Env }) => unknown };
  /** Decides in place of ALLOWED_ORIGINS. */
  allowedOrigins?: (origin: string) => boolean;
}

export const hookOf = <Env>(on: Hooks<Env>, type: EventType) => {
  const name = (Object.keys(HOOKS) as HookName[]).find((one) => HOOKS[one] === type);
  const hook = name && (on[name] as ((event: AccountEvent, call: HostCall<Env>) => unknown) | undefined);
  return name && hook ? { name, hook } : null;
};

const OPTIONS = [
  'claims',
  'on',
  'mailer',
  'allowedOrigins',
  // Of tests.
  'clock',
  'random',
  'deadlines',
  'fetch',
];

/** Throws a TypeError that says what is wrong, and why. */
export function checkHostOptions(options: HostOptions<never>): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('the options must be an object');
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) {
      throw new TypeError(`there is no option ${name}: there are claims, on, mailer and allowedOrigins`);
    }
  }
  const { claims, on, mailer, allowedOrigins } = options;
  if (allowedOrigins !== undefined && typeof allowedOrigins !== 'function') {
    throw new TypeError(
      'allowedOrigins must be a function of an origin; a list of origins is the setting ALLOWED_ORIGINS',
    );
  }
  if (mailer !== undefined && typeof (mailer as Partial<typeof mailer> | null)?.send !== 'function') {
    throw new TypeError('mailer must be an object with a function send(mail)');
  }
  if (on !== undefined) checkHooks(on);
  if (claims !== undefined) checkClaims(claims);
}

function checkHooks(on: unknown): void {
  if (typeof on !== 'object' || on === null) throw new TypeError('on must be an object of functions');
  for (const [name, hook] of Object.entries(on)) {
    if (!Object.hasOwn(HOOKS, name)) {
      throw new TypeError(`on.${name} is never called: there are ${Object.keys(HOOKS).join(', ')}`);
    }
    if (hook !== undefined && typeof hook !== 'function')
      throw new TypeError(`on.${name} must be a function`);
  }
}

const NOBODY: ClaimsUser = {
  id: '00000000-0000-7000-8000-000000000000',
  email: 'nobody@example.com',
  username: null,
  name: null,
  isStaff: false,
  emailVerified: false,
  dateJoined: 0,
};

/**
 * Calls it for a made-up user: names that are always there are refused before anybody signs in. Where it needs more than
 * a start has (bindings, a fetch) nothing is known yet; each token is checked again.
 */
function checkClaims(claims: NonNullable<HostOptions<never>['claims']>): void {
  if (typeof claims !== 'function') throw new TypeError('claims must be a function of the user');
  let made: unknown;
  try {
    const client = { ip: null, userAgent: null, country: null };
    const env = {} as never;
    made = claims(NOBODY, { env, requestId: 'start', client, language: 'en', sessionId: NOBODY.id });
  } catch {
    return;
  }
  if (made instanceof Promise) {
    made.catch(() => undefined);
    return;
  }
  const fault = extraClaimsFault(made);
  if (fault) throw new TypeError(`claims ${fault}`);
}
