// Everything about accounts. The account service serves the client, so that this page needs no bundler; with one, import
// it from 'hono-accounts-client'. While the service is down, importing this module fails: see app.js.
const { accounts } = await (await fetch('/settings.json')).json();
const { createClient, webStorage } = await import(`${accounts}/client.js`);

const VERIFIER = 'notes.verifier';
const here = `${location.origin}/`;

export const client = createClient({ url: accounts, store: webStorage(localStorage, 'notes') });

export const settingsUrl = `${accounts}/settings?${new URLSearchParams({ return_to: here })}`;

const base64Url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

// PKCE (RFC 7636): whoever sees the code in the address cannot use it without the verifier, which stays in this tab.
// `page`: sign-in or sign-up.
export async function goTo(page) {
  const verifier = base64Url(crypto.getRandomValues(new Uint8Array(32)));
  sessionStorage.setItem(VERIFIER, verifier);
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const query = new URLSearchParams({ return_to: here, code_challenge: base64Url(new Uint8Array(hash)) });
  location.assign(`${accounts}/${page}?${query}`);
}

// The codes of `?error=`, and of an exchange that is refused.
const REASONS = {
  access_denied: 'You cancelled the sign-in.',
  provider_unavailable: 'The provider cannot be reached. Please try again later, or sign in another way.',
  expired: 'The sign-in took too long. Please try again.',
  code_not_valid: 'The sign-in took too long. Please try again.',
  user_inactive: 'This account is deactivated.',
  account_exists:
    'There is already an account with this address. Sign in to it first, then connect the provider.',
};
const FAILED = 'The sign-in did not work. Please try again.';

// For a user who comes back: exchanges the code for a session. Throws an error whose message is for the user.
export async function comeBack() {
  const query = new URLSearchParams(location.search);
  const [code, error] = [query.get('code'), query.get('error')];
  if (code === null && error === null) return;
  // Out of the address bar and the history. A code works once.
  history.replaceState(null, '', location.pathname);
  const verifier = sessionStorage.getItem(VERIFIER);
  sessionStorage.removeItem(VERIFIER);
  if (error !== null) throw new Error(REASONS[error] ?? FAILED);
  // The code is another tab's, or part of a link that somebody sent.
  if (verifier === null) throw new Error(FAILED);
  try {
    await client.signIn('/login/exchange', { code, code_verifier: verifier });
  } catch ({ code }) {
    throw new Error(REASONS[code] ?? FAILED);
  }
}
