/** Redirects to a provider and back, with PKCE. The verifier stays in this tab. */
import { page, say } from './dom.ts';

const VERIFIER = 'hono-accounts.verifier';

const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** The parameters with which `login/with/…` and `connections/…` return to this page, or to another one of ours. */
export async function returnParameters(
  returnTo = location.href,
): Promise<{ return_to: string; code_challenge: string }> {
  const verifier = base64Url(crypto.getRandomValues(new Uint8Array(32)));
  sessionStorage.setItem(VERIFIER, verifier);
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return { return_to: returnTo.split('#')[0] ?? '', code_challenge: base64Url(new Uint8Array(hash)) };
}

export async function goToProvider(id: string, returnTo?: string): Promise<void> {
  const query = new URLSearchParams(await returnParameters(returnTo));
  location.assign(`${page.dataset.mount}/login/with/${encodeURIComponent(id)}?${query}`);
}

/** The result of a provider's redirect, removed from the address bar. Null if this is not one. */
export function comeBack(): { code: string; code_verifier: string } | { error: string } | null {
  const url = new URL(location.href);
  const [code, error] = [url.searchParams.get('code'), url.searchParams.get('error')];
  if (code === null && error === null) return null;
  url.searchParams.delete('code');
  url.searchParams.delete('error');
  history.replaceState(null, '', url);
  const verifier = sessionStorage.getItem(VERIFIER);
  sessionStorage.removeItem(VERIFIER);
  if (error !== null) return { error };
  return code !== null && verifier !== null ? { code, code_verifier: verifier } : null;
}

export const providerFaultMessage = (error: string): string =>
  say(error === 'access_denied' ? 'denied' : error === 'account_exists' ? 'exists' : 'providerFault');
