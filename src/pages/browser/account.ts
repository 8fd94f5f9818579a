/** The page's API client, and where the page goes next. */
import { AccountsError, createClient, memoryStore, type User, webStorage } from '../../client/index.ts';
import { language, page } from './dom.ts';

/** If storage is disabled, a sign-in lasts as long as the page. */
function tokenStore() {
  try {
    localStorage.getItem('');
    return webStorage(localStorage);
  } catch {
    return memoryStore();
  }
}

/** Null in cookie mode. */
const store = page.dataset.cookie === undefined ? tokenStore() : null;

const server = {
  url: location.origin + (page.dataset.mount ?? ''),
  // In the page's language, which may differ from the browser's.
  fetch: (input: string | URL | Request, init: RequestInit = {}) => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set('Accept-Language', language);
    return fetch(input, { ...init, headers });
  },
};

export const client = createClient({ ...server, ...(store ? { store } : { cookie: true }) });

/** Sends no access token: for links in e-mails, whoever is signed in. */
export const anonymous = createClient({ ...server, store: memoryStore() });

/** Codes that mean that nobody is signed in any more. */
const SIGNED_OUT = ['not_authenticated', 'token_not_valid', 'user_inactive', 'user_not_found'];
export const isSignedOut = (error: unknown): boolean =>
  error instanceof AccountsError && SIGNED_OUT.includes(error.code);

export const nameOf = ({ email, username }: User): string => email ?? username ?? '';

export type Notice = 'signInFirst' | 'expired' | 'signedOut' | 'deleted' | 'proveAgain';
const NOTICES: readonly string[] = [
  'signInFirst',
  'expired',
  'signedOut',
  'deleted',
  'proveAgain',
] satisfies Notice[];

const NOTICE = 'hono-accounts.notice';

/** Goes to the sign-in page, which shows the notice. False if there is no such page. */
export function leaveFor(notice: Notice): boolean {
  const { signIn } = page.dataset;
  if (signIn === undefined) return false;
  try {
    sessionStorage.setItem(NOTICE, notice);
  } catch {
    // The notice is not shown then.
  }
  const to = new URL(signIn, location.href);
  // Back to the settings afterwards, not to their `return_to`, which would need a challenge.
  if (page.dataset.page === 'settings' && location.search !== '') {
    to.searchParams.set('return_to', location.href.split('#')[0] ?? '');
  }
  location.replace(to);
  return true;
}

/** After a sign-out: without a sign-in page, loads this page again, so that it shows nobody's data. */
export function leaveSignedOut(notice: Notice): void {
  if (!leaveFor(notice)) location.reload();
}

/** The notice that another page left; returned once. */
export function takeNotice(): Notice | null {
  try {
    const notice = sessionStorage.getItem(NOTICE);
    sessionStorage.removeItem(NOTICE);
    return notice !== null && NOTICES.includes(notice) ? (notice as Notice) : null;
  } catch {
    return null;
  }
}

/**
 * The page stays busy until it is left, so that a second press does not sign in twice. An app's own scheme may leave it
 * open.
 */
function leaveTo(url: string): Promise<void> {
  location.assign(url);
  return new Promise((resolve) => {
    if (!/^https?:/.test(new URL(url, location.href).protocol)) resolve();
  });
}

/** Returns to the app that sent the user here, with a code if it gave a challenge, or goes to the next page. */
export async function goOn(): Promise<void> {
  const { returnTo, challenge, next = '/' } = page.dataset;
  if (returnTo === undefined || challenge === undefined) {
    return leaveTo(returnTo ?? next);
  }
  const { url } = await client.request<{ url: string }>('POST', '/login/return', {
    return_to: returnTo,
    code_challenge: challenge,
    ...(store && { refresh: store.get()?.refresh }),
  });
  return leaveTo(url);
}
