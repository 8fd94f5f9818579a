/**
 * A host's options for `createAccounts()` and the other apps: claims, hooks, a mailer and allowed origins. Invalid options
 * are a TypeError when the app is created.
 */
import type { AccountEvent, EventType } from './events.ts';
import type { Language } from './languages/index.ts';
import type { Client, Mail } from './ports.ts';
import type { MailSender } from './setting-parsers.ts';
import { extraClaimsFault } from './token/extra-claims.ts';

/** The user for whom an access token is minted. Times are epoch seconds. */
export interface ClaimsUser {
  id: string;
  email: string | null;
  username: string | null;
  name: string | null;
  isStaff: boolean;
  emailVerified: boolean;
  dateJoined: number;
}

/** The request in which a host's function is called. */
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

/** Called after the commit, in the background. Errors are logged as `hook_failed`. */
export type Hooks<Env> = {
  readonly [Name in HookName]?: (event: AccountEvent<(typeof HOOKS)[Name]>, call: HostCall<Env>) => unknown;
};

/** `to`, `subject`, `text` and `html` are ready to send. `kind` and `token` let a host compose its own e-mail. */
export interface HostMail extends Mail {
  /** MAIL_FROM, or null if it is not set. */
  from: MailSender | null;
}

export interface HostOptions<Env> {
  /**
   * Additional claims for the access token, at most 1 KiB as JSON; guards provide them as `c.var.account.claims`. Called
   * for each access token, and once with a placeholder user when the app is created, to refuse reserved names early.
   */
  claims?: (user: ClaimsUser, call: ClaimsCall<Env>) => object | Promise<object>;
  /** Called for events about users. */
  on?: Hooks<Env>;
  /** Sends e-mail. `MAIL` is ignored and counts as being on. */
  mailer?: { send: (mail: HostMail, call: { env: Env }) => unknown };
  /** Replaces ALLOWED_ORIGINS. */
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
  // For tests.
  'clock',
  'random',
  'deadlines',
  'fetch',
];

/** Throws a TypeError that says what is wrong, and why. */
export function checkHostOptions(options: HostOptions<never>): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) {
      throw new TypeError(`unknown option ${name}: the options are claims, on, mailer and allowedOrigins`);
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
      throw new TypeError(`unknown hook on.${name}: the hooks are ${Object.keys(HOOKS).join(', ')}`);
    }
    if (hook !== undefined && typeof hook !== 'function')
      throw new TypeError(`on.${name} must be a function`);
  }
}

const PLACEHOLDER: ClaimsUser = {
  id: '00000000-0000-7000-8000-000000000000',
  email: 'nobody@example.com',
  username: null,
  name: null,
  isStaff: false,
  emailVerified: false,
  dateJoined: 0,
};

/**
 * Calls the function with a placeholder user, so that reserved names are refused before anybody signs in. If it fails or
 * is async, for example because it needs bindings, nothing is checked yet: each token's claims are checked anyway.
 */
function checkClaims(claims: NonNullable<HostOptions<never>['claims']>): void {
  if (typeof claims !== 'function') throw new TypeError('claims must be a function of the user');
  let made: unknown;
  try {
    const client = { ip: null, userAgent: null, country: null, city: null };
    const env = {} as never;
    made = claims(PLACEHOLDER, {
      env,
      requestId: 'start',
      client,
      language: 'en',
      sessionId: PLACEHOLDER.id,
    });
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
