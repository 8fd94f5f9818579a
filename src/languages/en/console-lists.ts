/** The lists of the console: users, sessions, revoked tokens, history. */
export const lists = {
  first: 'First',
  previous: 'Previous',
  next: 'Next',
  /** Goes on where a page stopped looking. */
  goOn: 'Continue',
  range: '{from}–{to} of {total}',
  /** The buttons above a list, and those below it, to a reader of the screen. */
  pagesAbove: 'Pages',
  pagesBelow: 'Pages, below the list',
  filters: 'Filters',
  all: 'All',
  yes: 'Yes',
  no: 'No',
  looked: 'Looked at {looked} rows, {found} match.',
  moreToLookAt: 'There are more to look at.',
  newestFirst: 'Newest first',
  details: 'Details',
};

export const overview = {
  newThisWeek: 'New this week',
  liveSessions: 'Live sessions',
  withSecondFactor: 'With a second factor',
  withPasskey: 'With a passkey',
  withConnection: 'With a connected account',
  providers: 'Providers that are set up:',
};

export const users = {
  searchLabel: 'E-mail, username or name begins with',
  add: 'Add user',
  matching: 'Matching users',
  allUsers: 'All users',
  none: 'There are no users yet.',
  noneBegin: "No user whose e-mail, username or name begins with '{search}'.",
  noneFit: 'No user matches these filters.',
  noneBeginAndFit: "No user whose e-mail, username or name begins with '{search}' matches these filters.",
  tooManyByDate: 'More than 1,000 users match. Type more characters, or sort by the name.',
  tooManyByEmail: 'More than 1,000 users match; only e-mail addresses were searched. Type more characters.',
  tooManyByUsername: 'More than 1,000 users match; only usernames were searched. Type more characters.',
};

export const sessions = {
  title: 'Sessions',
  liveTitle: 'Live sessions',
  aboutLive: 'Everybody who is signed in, the newest users first.',
  session: 'Session',
  user: 'User',
  id: 'Session ID',
  status: 'Status',
  live: 'live',
  expired: 'expired',
  thisOne: 'this one',
  device: '{browser} on {system}',
  unknownDevice: 'Unknown device',
  signedIn: 'Signed in',
  lastUsed: 'Last used',
  expires: 'Expires',
  ended: 'Ended',
  ip: 'IP address',
  place: 'Place',
  userAgent: 'User agent',
  action: 'Action',
  end: 'End',
  endOwn: 'End…',
  endOne: 'End the session on {device} of {when}',
  none: 'No sessions.',
  noSuch: 'There is no such session.',
};

export const revokedTokens = {
  about:
    'Refresh tokens that no longer work. A revocation is final; it leaves the list once the token would have expired.',
  id: 'Token ID',
  latestFirst: 'Latest expiry first',
  none: 'No token has been revoked.',
  noSuch: 'There is no such token.',
  user: 'User',
  unknownUser: 'unknown user',
  why: 'Reason',
  revoked: 'Revoked',
  expires: 'Expires',
};

/** Why a session or a token was revoked. */
export const reasons = {
  logged_out: 'logged out',
  ended: 'ended',
  evicted: 'too many sessions',
  replayed: 'token used twice',
  rotated: 'replaced by a newer one',
  password_changed: 'password changed',
  password_reset: 'password reset',
  deactivated: 'deactivated',
  promoted: 'made staff',
  demoted: 'removed from staff',
  withdrawn: 'account deleted',
};

/** What happened to an account, in one list with what staff did to it. */
export const activity = {
  title: 'Activity',
  all: 'Everything staff did to this user',
  by: 'By',
  user: 'the user',
  staff: 'staff:',
  joined: 'the account was created',
  email_verified: 'verified the e-mail address',
  factor_on: 'switched the second factor on',
  signed_in: 'signed in:',
  session_ended: 'a session ended: {reason}',
  sessions_ended: '{count} sessions ended: {reason}',
  passkey_added: 'added a passkey:',
  connection_added: 'connected an account:',
};

export const history = {
  none: 'No actions yet.',
  noneFit: 'No action matches these filters.',
  latest: 'Latest history',
  all: 'All history',
  when: 'When',
  who: 'Staff member',
  did: 'Action',
  toWhom: 'User',
  fields: 'Changes',
  nameHint: 'E-mail, username or ID',
  filter: 'Filter',
};
