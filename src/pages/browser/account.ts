/** The client of the page, and where the page leads. */
import { AccountsError, createClient, memoryStore, webStorage } from '../../client/index.ts';
import { language, page } from './dom.ts';

/** Storage may be switched off: then a sign-in lasts as long as the page. */
function tokenStore() {
  try {
    localStorage.getItem('');
    return webStorage(localStorage);
  } catch {
    return memoryStore();
  }
}

/** Null: the refresh token is in a cookie. */
const store = page.dataset.cookie === undefined ? tokenStore() : null;

export const client = createClient({
  url: location.origin + (page.dataset.mount ?? ''),
  ...(store ? { store } : { cookie: true }),
  // In the language of the page, which need not be that of the browser.
  fetch: (input, init = {}) => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set('Accept-Language', language);
    return fetch(input, { ...init, headers });
  },
});

/** Codes that say: nobody is signed in (any more). */
const NOBODY = ['not_authenticated', 'token_not_valid', 'user_inactive', 'user_not_found'];
export const isNobody = (error: unknown): boolean =>
  error instanceof AccountsError && NOBODY.includes(error.code);

export type Notice = 'expired' | 'signedOut' | 'deleted';
const NOTICES: readonly string[] = ['expired', 'signedOut', 'deleted'] satisfies Notice[];

const NOTICE = 'hono-accounts.notice';

/** To the sign-in page, which says why. False where there is none. */
export function leaveFor(notice: Notice): boolean {
  const { signIn } = page.dataset;
  if (signIn === undefined) return false;
  try {
    sessionStorage.setItem(NOTICE, notice);
  } catch {
    // Then it says nothing.
  }
  location.replace(signIn);
  return true;
}

/** What another page left for this one to say, once. */
export function takeNotice(): Notice | null {
  try {
    const notice = sessionStorage.getItem(NOTICE);
    sessionStorage.removeItem(NOTICE);
    return notice !== null && NOTICES.includes(notice) ? (notice as Notice) : null;
  } catch {
    return null;
  }
}

/** Back to the app that sent somebody here, with a code where it gave a challenge; else to what the page says. */
export async function goOn(): Promise<void> {
  const { returnTo, challenge, next = '/' } = page.dataset;
  if (returnTo === undefined || challenge === undefined) {
    location.assign(returnTo ?? next);
    return;
  }
  const { url } = await client.request<{ url: string }>('POST', '/login/return', {
    return_to: returnTo,
    code_challenge: challenge,
    ...(store && { refresh: store.get()?.refresh }),
  });
  location.assign(url);
}
