// Everything about accounts. The accounts Worker serves the client, so that this page needs no bundler; with one, import
// it from 'hono-accounts-client'.
const { accounts } = await (await fetch('/settings.json')).json();
const { createClient, webStorage } = await import(`${accounts}/client.js`);

const VERIFIER = 'notes.verifier';
const here = `${location.origin}/`;

export const client = createClient({ url: accounts, store: webStorage(localStorage, 'notes') });

const base64Url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

// PKCE (RFC 7636): whoever sees the code in the address cannot use it without the verifier, which stays in this tab.
export async function goTo(page) {
  const verifier = base64Url(crypto.getRandomValues(new Uint8Array(32)));
  sessionStorage.setItem(VERIFIER, verifier);
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const query = new URLSearchParams({ return_to: here, code_challenge: base64Url(new Uint8Array(hash)) });
  location.assign(`${accounts}/${page}?${query}`);
}

// Of somebody who comes back: true if they are signed in now.
export async function comeBack() {
  const code = new URLSearchParams(location.search).get('code');
  if (code === null) return false;
  // Out of the address bar and the history. It works once.
  history.replaceState(null, '', '/');
  const verifier = sessionStorage.getItem(VERIFIER);
  sessionStorage.removeItem(VERIFIER);
  // Of another tab, or a link that somebody sent.
  if (verifier === null) return false;
  await client.signIn('/login/exchange', { code, code_verifier: verifier });
  return true;
}

export const settingsUrl = `${accounts}/settings?${new URLSearchParams({ return_to: here })}`;
