/**
 * What the contract says of users, sessions, tokens and the links in mail, as a few lists and rules: what
 * test/workers/model.test.ts holds the Worker against. Knows nothing of it, and keeps everything for ever.
 */
export const HOUR = 3_600;
export const DAY = 24 * HOUR;
export const GRACE = 60;
export const MAX_SESSIONS = 3;

const ACCESS_LIFETIME = HOUR;
const REFRESH_LIFETIME = DAY;
const SESSION_LIFETIME = 26 * HOUR;
const RESET_LINKS_MAX = 5;

export interface MSession {
  user: MUser;
  /** In the order of log-ins. */
  openedAt: number;
  revoked: boolean;
}
export interface MUser {
  address: string;
  /** Null: none works until another is chosen. */
  password: string | null;
  active: boolean;
  staff: boolean;
  verified: boolean;
  gone: boolean;
  sessions: MSession[];
  links: MLink[];
}
export interface MToken {
  kind: 'access' | 'refresh';
  session: MSession;
  expiresAt: number;
  /** Access: what it says of its user. */
  says: { staff: boolean; verified: boolean };
  /** Refresh: when it was exchanged for another. */
  consumedAt: number | null;
  /** Refresh: what it was exchanged for. */
  successor: MToken | null;
}

export type LinkKind = 'verify' | 'reset' | 'change' | 'take_back';
/** In seconds. A verification disowns the account for longer. */
const LINK_LIFETIME: Record<LinkKind, number> = {
  verify: DAY,
  reset: HOUR / 2,
  change: DAY,
  take_back: 3 * DAY,
};
export interface MLink {
  kind: LinkKind;
  user: MUser;
  /** The new address; the one to take back. */
  address: string;
  expiresAt: number;
  void: boolean;
  /** Verification: after a change of the password it disowns and no longer confirms. */
  disownsOnly: boolean;
}

export interface Model {
  now: number;
  /** The place of the refresh token that was sent last. */
  sentLast: number;
  users: MUser[];
  /** All tokens ever issued, in order; the real ones have the same indices. */
  tokens: MToken[];
  /** All links ever sent, likewise. */
  links: MLink[];
}

export const newModel = (now: number): Model => ({ now, sentLast: -1, users: [], tokens: [], links: [] });

export const ownerOf = ({ users }: Readonly<Model>, address: string): MUser | undefined =>
  users.find((user) => !user.gone && user.address === address);

export const absoluteEnd = (session: MSession) => session.openedAt + SESSION_LIFETIME;

export type Verdict = 'ok' | 'expired' | 'user_not_found' | 'user_inactive' | 'blacklisted';

/** How a token stands but for its consumption: the first of several faults. */
export function tokenStatus({ expiresAt, session }: MToken, now: number): Verdict {
  if (expiresAt <= now) return 'expired';
  if (session.user.gone) return 'user_not_found';
  if (!session.user.active) return 'user_inactive';
  return session.revoked || absoluteEnd(session) <= now ? 'blacklisted' : 'ok';
}

/** Used again, and no retry: too late, or what it was exchanged for has been used in its turn. */
export const isReplay = ({ consumedAt, successor }: MToken, now: number) =>
  consumedAt !== null && (now - consumedAt > GRACE || successor?.consumedAt != null);

export function addUser(
  model: Model,
  { address, password, verified }: Pick<MUser, 'address' | 'password' | 'verified'>,
): MUser {
  const flags = { active: true, staff: false, gone: false };
  const user: MUser = { address, password, verified, ...flags, sessions: [], links: [] };
  model.users.push(user);
  return user;
}

export function hand(
  model: Model,
  session: MSession,
  kind: 'access' | 'refresh',
  madeAt = model.now,
): MToken {
  const lifetime = kind === 'access' ? ACCESS_LIFETIME : REFRESH_LIFETIME;
  const { staff, verified } = session.user;
  const token: MToken = {
    kind,
    session,
    expiresAt: Math.min(madeAt + lifetime, absoluteEnd(session)),
    says: { staff, verified },
    consumedAt: null,
    successor: null,
  };
  model.tokens.push(token);
  return token;
}

/** A new session, its first tokens, and the end of the oldest past the limit. */
export function come(model: Model, user: MUser) {
  const session = { user, openedAt: model.now, revoked: false };
  const living = user.sessions.filter((other) => !other.revoked && absoluteEnd(other) > model.now);
  for (const old of living.slice(0, Math.max(0, living.length - (MAX_SESSIONS - 1)))) old.revoked = true;
  user.sessions.push(session);
  hand(model, session, 'access');
  hand(model, session, 'refresh');
}

export const endAll = (user: MUser, but?: MSession) => {
  for (const session of user.sessions) session.revoked ||= session !== but;
};

export function mail(model: Model, user: MUser, kind: LinkKind, address = user.address): MLink {
  const expiresAt = model.now + LINK_LIFETIME[kind];
  const link: MLink = { kind, user, address, expiresAt, void: false, disownsOnly: false };
  user.links.push(link);
  model.links.push(link);
  return link;
}

/** Voids the user's links of those kinds. */
export const voidLinks = (user: MUser, ...kinds: LinkKind[]) => {
  for (const link of user.links) link.void ||= kinds.includes(link.kind);
};
export const voidAllLinks = (user: MUser) => voidLinks(user, 'verify', 'reset', 'change', 'take_back');

/** Whether the link does what its mail says. */
export const works = (link: MLink, now: number) =>
  !link.void && !link.disownsOnly && link.expiresAt > now && !link.user.gone && link.user.active;

/** Whether "This wasn't me" deletes the account. */
export const disowns = ({ kind, user, ...link }: MLink) =>
  kind === 'verify' && !link.void && !user.gone && user.active && !user.verified;

export const mayHaveAnotherReset = (user: MUser, now: number) =>
  user.links.filter((link) => link.kind === 'reset' && !link.void && link.expiresAt > now).length <
  RESET_LINKS_MAX;

/** Somebody signed up and never showed the mailbox. */
export const isUnproven = (user: MUser) =>
  !user.verified && !user.staff && user.links.some((link) => link.kind === 'verify' && !link.void);

export const leave = (user: MUser) => {
  user.gone = true;
  endAll(user);
  voidAllLinks(user);
};

/** By a session that knew the old one, or by an email. */
export function setPassword(user: MUser, password: string | null, by: MSession | 'mail') {
  user.password = password;
  voidLinks(user, 'reset', 'change');
  if (by === 'mail') {
    user.verified = true;
    voidLinks(user, 'verify');
    endAll(user);
  } else {
    for (const link of user.links) link.disownsOnly ||= link.kind === 'verify';
    endAll(user, by);
  }
}

/** Becoming staff ends what losing it ends. */
export const setStaff = (user: MUser, staff: boolean) => {
  user.staff = staff;
  voidLinks(user, 'change');
  endAll(user);
};

export const setActive = (user: MUser, active: boolean) => {
  user.active = active;
  if (active) return;
  voidAllLinks(user);
  endAll(user);
};

/** The old address is mailed a way back, which a later change does not void. */
export function changeAddress(model: Model, user: MUser, address: string) {
  const before = user.address;
  user.address = address;
  user.verified = true;
  voidLinks(user, 'verify', 'reset', 'change');
  mail(model, user, 'take_back', before);
}

/** The newer ways back are void, the older ones not. */
export function takeBack(model: Model, link: MLink) {
  const { user } = link;
  const other = ownerOf(model, link.address);
  if (other && other !== user) leave(other);
  user.address = link.address;
  setPassword(user, null, 'mail');
  for (const newer of user.links.slice(user.links.indexOf(link))) newer.void = true;
  mail(model, user, 'reset');
}

export const mayTakeBack = (model: Model, { address, user }: MLink) => {
  const other = ownerOf(model, address);
  return !other || other === user || (!other.verified && !other.staff);
};
