/** Links in e-mails: their tokens, and what this browser remembers until one is opened. */

/** The claim of a sign-up in the local storage: proves that whoever opens the link is who signed up. */
export const CLAIM_KEY = 'hono-accounts.claim';

/**
 * From the fragment, which reaches no server and no log, or from `?token=`, where a gateway removed the fragment. It does
 * not stay in the address bar or the history.
 */
export function takeToken(): string | null {
  const token =
    new URLSearchParams(location.hash.slice(1)).get('token') ??
    new URLSearchParams(location.search).get('token');
  history.replaceState(null, '', location.pathname);
  return token;
}
