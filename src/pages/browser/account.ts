/** The client of the page, and where the page leads. */
import { createClient, memoryStore, webStorage } from '../../client/index.ts';
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

export const client = createClient({
  url: location.origin + (page.dataset.mount ?? ''),
  ...(page.dataset.cookie === undefined ? { store: tokenStore() } : { cookie: true }),
  // In the language of the page, which need not be that of the browser.
  fetch: (input, init = {}) => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set('Accept-Language', language);
    return fetch(input, { ...init, headers });
  },
});

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

/** Where a sign-in leads to. */
export function goOn(): void {
  const { settings } = page.dataset;
  location.assign(settings ?? '/');
}
