/**
 * Why something was refused, for the log and those who read it; the client never learns. Operators search and alert
 * by these codes, so they are a closed list, which docs/SECURITY.md shows.
 */
export const REFUSAL_REASONS = {
  // Of a log-in.
  unknown_user: 'nobody has this address or username',
  wrong_password: 'the password does not match',
  inactive_user: 'the password matches, the user is inactive',
  not_staff: 'the password matches, but only staff may use the console',
  changed_meanwhile: 'the user or the password changed while the password was checked',
  // Of a second factor, and of a code sent by e-mail.
  no_second_factor: 'a code was sent, and the user has no second factor',
  no_challenge: 'the sign-in that the code is for is unknown, void, expired or of another kind',
  wrong_code: 'the code is not of now, or was used',
  no_encryption_key: 'the user has a second factor, and `ENCRYPTION_KEY` is not set',
  no_code: 'no code sent by e-mail waits for the address, or it is void',
  no_exchange: 'the code of a sign-in with a provider is used, expired or made up, or another app’s',
  nothing_to_confirm: 'no authenticator app waits to be confirmed',
  // Of a passkey.
  passkey_malformed: 'not a credential as WebAuthn writes it, or one that contradicts itself',
  passkey_ceremony: 'made for a registration where a sign-in was asked for, or the other way round',
  passkey_challenge: 'the challenge was not given out here, or for something or somebody else',
  passkey_challenge_expired: 'the challenge is older than 5 minutes',
  passkey_challenge_used: 'the challenge was used, or the user or the passkey changed meanwhile',
  passkey_origin: 'made on a page whose origin is none of ours (`PASSKEY_ORIGINS`)',
  passkey_cross_origin: 'made in a frame of another site’s page',
  passkey_rp_id: 'made for another RP ID',
  passkey_user_verification: 'the authenticator did not see or verify its user',
  passkey_attestation: 'an attestation with certificates, which nobody asked for',
  passkey_key: 'a key of another algorithm, a weak one, or none at all',
  passkey_taken: 'the credential is registered',
  passkey_unknown: 'no such passkey, or another user’s',
  passkey_user_handle: 'the user handle is not that of the passkey’s user',
  passkey_signature: 'the signature does not match',
  passkey_counter: 'the signature counter went back: there may be a copy of the authenticator',
  // Of a token by itself.
  too_long: 'longer than 4 KiB: refused unread',
  malformed: 'not three parts of base64url, or not JSON',
  header: 'the header asks for something that is not supported',
  key: 'no key with this `kid` is configured',
  algorithm: '`alg` is not that of the key',
  signature: 'the signature does not match',
  claims: 'a claim is missing or not of its type',
  token_type: 'a token of another type',
  issuer: '`iss` is not `ISSUER`',
  audience: '`aud` is not `AUDIENCE`',
  not_yet: '`nbf` or `iat` is ahead of the clock',
  expired: 'past its `exp`, or the session is past its end',
  // Of a token whose session has ended.
  logged_out: 'the session was ended by a log-out',
  ended: 'the session was ended from the list of sessions or the console, or is past its end',
  evicted: 'the session was the oldest of more than `MAX_SESSIONS_PER_USER`',
  replayed: 'a refresh token was used again: the session was ended',
  password_changed: 'the session was ended by a change of the password',
  password_reset: 'the session was ended by a reset of the password',
  deactivated: 'the user is inactive, or the session was ended by a deactivation',
  promoted: 'the session was ended when its user became staff',
  demoted: 'the session was ended when its user was removed from staff',
  withdrawn: 'the account is gone',
  consumed: 'the refresh token was already exchanged',
  already_revoked: 'the refresh token was already on the blacklist',
  // Of a change that lost against another.
  session_ended_meanwhile: 'the session ended while the request was at work',
  lost_to_another_write: 'the password or the user changed while the request was at work',
  no_longer_staff: 'the caller lost the staff flag or the session while the request was at work',
  // Of the refresh cookie, and of the console.
  no_cookie: '`REFRESH_TRANSPORT=cookie`, and the request has no refresh cookie',
  two_cookies: 'the request has two refresh cookies',
  console: 'a form of the console was posted from another origin, or without `Origin`',
  // Of 429: the limit that is used up.
  log_in: 'log-ins of a client or a name',
  guess: 'log-ins of a user',
  password_check: 'checks of a signed-in user’s current password',
  imported_hash: 'checks of a costly imported hash',
  mail: 'mails to an address or asked for by a client',
  sign_up: 'sign-ups of a client',
  refresh: 'refreshes of a client',
  anonymous: 'requests of a client without a session',
  change: 'changes of a user’s own account',
  // Of 503; `call` says which.
  d1: 'a call to D1 failed or took too long',
  kv: 'KV could not be read, and D1 is not there to be asked',
  jwks: 'a guard could not read the public keys of the accounts',
  limiter: 'a rate limit could not be counted',
  contended: 'the user changed at every one of several tries',
} as const;

export type RefusalReason = keyof typeof REFUSAL_REASONS;
