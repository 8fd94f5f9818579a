/** What all use cases share: the services they depend on, minting tokens, checking new passwords, revocations in KV. */
import { type FieldFaults, invalid, invalidField } from '../../errors.ts';
import type { Announce } from '../../events.ts';
import type { EndedSession, Profile, RevocationReason, Session, User } from '../../model.ts';
import type { IsAllowedOrigin } from '../../origins.ts';
import type { PasswordHasher } from '../../password/hash.ts';
import { passwordFaults } from '../../password/policy.ts';
import type {
  Blacklist,
  BreachCheck,
  Call,
  Clock,
  Credentials,
  Inbox,
  Mailer,
  OpenWays,
  Report,
  Sessions,
  Users,
} from '../../ports.ts';
import type { Random } from '../../random.ts';
import type { Limits } from '../../rate-limited-action.ts';
import type { Settings } from '../../settings.ts';
import { authTimeOf } from '../../token/authentication.ts';
import type { Codec } from '../../token/codec.ts';
import { tokenEnd } from '../../token/rotation.ts';
import type { OwnData } from '../export/own-data.ts';
import type { NoticeDevice, PasskeyProof, SecondFactor } from './authentication.ts';

export interface Services {
  settings: Settings;
  /** Origins whose pages may call the API: ALLOWED_ORIGINS, or the host's own function. */
  isAllowedOrigin: IsAllowedOrigin;
  clock: Clock;
  random: Random;
  codec: Codec;
  /** The public keys, as /.well-known/jwks.json returns them. */
  jwks: { keys: JsonWebKey[] };
  hasher: PasswordHasher;
  users: Users;
  sessions: Sessions;
  blacklist: Blacklist;
  credentials: Credentials;
  ownData: OwnData;
  limits: Limits;
  /** Null if MAIL=off. */
  mailer: Mailer | null;
  /** By e-mail or by a provider. If so, a sign-up leaves a token that records it (docs/adr/0018-unproven-accounts.md). */
  addressesCanBeProven: boolean;
  /** Null outside development. */
  inbox: Inbox | null;
  /** Null if PASSWORD_BREACH_CHECK=off. */
  breached: BreachCheck | null;
  /** Null without ENCRYPTION_KEY. */
  secondFactor: SecondFactor | null;
  /** Sends the e-mail about a new device. Null if NEW_DEVICE_MAIL is off. */
  noticeDevice: NoticeDevice | null;
  /** Null if PASSKEYS is off. */
  passkeyProof: PasskeyProof | null;
  /** The host's own claims for the access token. Null if it has none. */
  extraClaims: ((bearer: Bearer, call: Call) => Promise<Readonly<Record<string, unknown>>>) | null;
  /** Null if there are neither hooks nor events. */
  announce: Announce | null;
}

export interface TokenPair {
  access: string;
  /** Absent if rotation is off: the client keeps the old one. */
  refresh?: string;
}

/** The user and session that tokens are minted for, as just read from D1. */
export interface Bearer {
  userId: string;
  isStaff: boolean;
  emailVerified: boolean;
  profile: Profile;
  session: BearerSession;
}
type BearerSession = Pick<Session, 'id' | 'absoluteEndAt' | 'createdAt' | 'authenticatedAt' | 'amr'>;

export const bearerOf = (
  user: Pick<User, 'id' | 'isStaff' | 'emailVerifiedAt'> & Profile,
  session: BearerSession,
): Bearer => ({
  userId: user.id,
  isStaff: user.isStaff,
  emailVerified: user.emailVerifiedAt !== null,
  profile: user,
  session,
});

export async function mintAccess(
  { settings, codec, random, extraClaims }: Services,
  bearer: Bearer,
  now: number,
  call: Call,
): Promise<string> {
  const extra = extraClaims && (await extraClaims(bearer, call));
  return codec.sign({
    token_type: 'access',
    jti: random.uuid4(),
    sub: bearer.userId,
    sid: bearer.session.id,
    iat: now,
    exp: tokenEnd(now, settings.ACCESS_TOKEN_LIFETIME, bearer.session.absoluteEndAt),
    ...(bearer.isStaff && { is_staff: true as const }),
    email_verified: bearer.emailVerified,
    auth_time: authTimeOf(bearer.session),
    amr: bearer.session.amr,
    ...(extra && { extra }),
  });
}

export function mintRefresh(
  { codec }: Services,
  bearer: Bearer,
  { jti, iat, exp }: { jti: string; iat: number; exp: number },
): Promise<string> {
  return codec.sign({ token_type: 'refresh', jti, sub: bearer.userId, sid: bearer.session.id, iat, exp });
}

/** The first token pair of a session that was just opened. */
export async function mintFirstPair(
  services: Services,
  bearer: Bearer,
  now: number,
  call: Call,
): Promise<Required<TokenPair>> {
  const fresh = freshRefresh(services, bearer, now);
  const [access, refresh] = await Promise.all([
    mintAccess(services, bearer, now, call),
    mintRefresh(services, bearer, fresh),
  ]);
  return { access, refresh };
}

/** `jti`, `iat` and `exp` of a refresh token that succeeds no consumed one: after a log-in, or without blacklisting. */
export const freshRefresh = ({ random, settings }: Services, { session }: Bearer, now: number) => ({
  jti: random.uuid4(),
  iat: now,
  exp: tokenEnd(now, settings.REFRESH_TOKEN_LIFETIME, session.absoluteEndAt),
});

/** 400 with every fault of a new password, under `field`. */
export async function requireGoodPassword(
  { settings, breached }: Services,
  field: string,
  password: string,
  person: Pick<User, 'email' | 'username' | 'name'>,
  call: Pick<Call, 'report'>,
): Promise<void> {
  const faults = newPasswordFaults({ settings }, field, password, person);
  if (field in faults) throw invalid(faults);
  if (breached && (await breached(password, call.report))) throw invalidField(field, 'password_breached');
}

/** The faults of a new password by the rules, under `field`; `{}` if there are none. */
export function newPasswordFaults(
  { settings }: Pick<Services, 'settings'>,
  field: string,
  password: string,
  person: Pick<User, 'email' | 'username' | 'name'>,
): FieldFaults {
  const faults = passwordFaults(password, person, { minLength: settings.PASSWORD_MIN_LENGTH });
  if (faults.length === 0) return {};
  return {
    [field]: faults.map(({ code, params }) => ({
      fault: code === 'invalid' ? 'characters' : code,
      ...(params && { params }),
    })),
  };
}

/** Copies revocations that are committed in D1 to KV, for the endpoints that do not read D1. */
export async function cacheRevocation(
  { blacklist }: Services,
  sessions: readonly EndedSession[],
  reason: RevocationReason,
  report: Report,
): Promise<void> {
  if (sessions.length > 0) await blacklist.add(sessions, reason, report);
}

/** The ways to sign in that users may be left with when they remove another. */
export const openWays = ({ settings }: Pick<Services, 'settings'>): OpenWays => ({
  emailSignIn: settings.SIGN_IN_BY_EMAIL,
  passkeys: settings.PASSKEYS,
});
