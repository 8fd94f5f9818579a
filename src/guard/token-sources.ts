/**
 * Where a guard finds the access token: in the Authorization header, and where a host says so in a cookie, in the query
 * (EventSource sends no header) or in the subprotocols of a WebSocket, which has no other place for it in a browser.
 */
import { Refusal } from '../errors.ts';
import { originMatcher } from '../origins.ts';
import { bearerToken } from './bearer.ts';

export type TokenSource = 'header' | `cookie:${string}` | `query:${string}` | 'subprotocol';

const SOURCE = /^(?:header|subprotocol|cookie:[\w!#$%&'*+.^`|~-]+|query:[\w.~-]+)$/;

/** Throws a TypeError for a source that does not exist. */
export function checkSources(from: unknown): void {
  if (!Array.isArray(from) || from.length === 0) {
    throw new TypeError("from must be a list such as ['header', 'cookie:NAME']");
  }
  for (const source of from) {
    if (typeof source === 'string' && SOURCE.test(source)) continue;
    throw new TypeError(
      `from has ${JSON.stringify(source)}: a token is read from header, cookie:NAME, query:NAME or subprotocol`,
    );
  }
}

/** What the search needs of the settings. */
interface SourceSettings {
  AUTH_HEADER_TYPES: readonly string[];
  ALLOWED_ORIGINS: readonly string[];
  PUBLIC_URL: string | undefined;
}

/**
 * The token of the first source that has one; null: none has. 401 bad_authorization_header; 403 origin_not_allowed
 * where a cookie came with a request that a page of any site could have made.
 */
export function findToken(
  request: Request,
  from: readonly TokenSource[],
  settings: SourceSettings,
): { token: string; source: TokenSource } | null {
  for (const source of from) {
    const token = tokenIn(request, source, settings);
    if (token === null) continue;
    if (source.startsWith('cookie:')) requireOwnPage(request, settings);
    return { token, source };
  }
  return null;
}

function tokenIn({ headers, url }: Request, source: TokenSource, settings: SourceSettings): string | null {
  const [kind, name = ''] = source.split(':');
  switch (kind) {
    case 'cookie':
      return cookie(headers.get('Cookie') ?? '', name);
    case 'query':
      return new URL(url).searchParams.get(name) || null;
    case 'subprotocol':
      return offeredToken(headers.get('Sec-WebSocket-Protocol') ?? '');
    default:
      return bearerToken(headers.get('Authorization') ?? undefined, settings.AUTH_HEADER_TYPES);
  }
}

/** A token has no character that a cookie would encode. */
function cookie(header: string, name: string): string | null {
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1) || null;
}

/** `new WebSocket(url, ['bearer', token])`: what follows `bearer`. */
function offeredToken(header: string): string | null {
  const offered = header.split(',').map((one) => one.trim());
  const at = offered.indexOf('bearer');
  return (at < 0 ? undefined : offered[at + 1]) || null;
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** A browser sends a cookie along whoever asks, over WebSockets from any site. */
function requireOwnPage(request: Request, { ALLOWED_ORIGINS, PUBLIC_URL }: SourceSettings): void {
  const changes = !SAFE_METHODS.includes(request.method) || request.headers.has('Upgrade');
  if (!changes) return;
  const origin = request.headers.get('Origin') ?? '';
  const own = new URL(PUBLIC_URL ?? request.url).origin;
  if (origin !== own && !originMatcher(ALLOWED_ORIGINS)(origin)) throw new Refusal('origin_not_allowed');
}

/** A browser closes a WebSocket whose answer selects none of the subprotocols that it offered. */
export function selectBearer(answer: Response): Response {
  if (answer.status !== 101 || answer.headers.has('Sec-WebSocket-Protocol')) return answer;
  const headers = new Headers(answer.headers);
  headers.set('Sec-WebSocket-Protocol', 'bearer');
  return new Response(null, { status: 101, headers, webSocket: answer.webSocket });
}
