/** The token of a link in an e-mail. */

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
