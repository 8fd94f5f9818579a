/**
 * Where a guard finds the access token: in the Authorization header or, if the host says so, in a cookie, in the query
 * (EventSource cannot send headers) or in the subprotocols of a WebSocket (browsers allow nothing else there).
 */
import { Refusal } from '../errors.ts';
import { originMatcher } from '../origins.ts';
import { bearerToken } from './bearer.ts';

export type TokenSource = 'header' | `cookie:${string}` | `query:${string}` | 'subprotocol';

const SOURCE = /^(?:header|subprotocol|cookie:[\w!#$%&'*+.^`|~-]+|query:[\w.~-]+)$/;

/** Throws a TypeError for an unknown source. */
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

/** The settings used here. */
interface SourceSettings {
  AUTH_HEADER_TYPES: readonly string[];
  ALLOWED_ORIGINS: readonly string[];
  PUBLIC_URL: string | undefined;
}

/**
 * The token of the first source that has one, or null. 401 bad_authorization_header; 403 origin_not_allowed for a cookie
 * in an unsafe request from another origin.
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

/** Not decoded: a JWT has no characters that cookies would encode. */
function cookie(header: string, name: string): string | null {
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1) || null;
}

/** The value after `bearer`, as in `new WebSocket(url, ['bearer', token])`. */
function offeredToken(header: string): string | null {
  const offered = header.split(',').map((one) => one.trim());
  const at = offered.indexOf('bearer');
  return (at < 0 ? undefined : offered[at + 1]) || null;
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** Browsers attach cookies to requests of any page, and to WebSockets from any site. */
function requireOwnPage(request: Request, { ALLOWED_ORIGINS, PUBLIC_URL }: SourceSettings): void {
  const changes = !SAFE_METHODS.includes(request.method) || request.headers.has('Upgrade');
  if (!changes) return;
  const origin = request.headers.get('Origin') ?? '';
  const own = new URL(PUBLIC_URL ?? request.url).origin;
  if (origin !== own && !originMatcher(ALLOWED_ORIGINS)(origin)) throw new Refusal('origin_not_allowed');
}

/** Browsers close a WebSocket whose response selects none of the offered subprotocols. */
export function selectBearer(answer: Response): Response {
  if (answer.status !== 101 || answer.headers.has('Sec-WebSocket-Protocol')) return answer;
  const headers = new Headers(answer.headers);
  headers.set('Sec-WebSocket-Protocol', 'bearer');
  return new Response(null, { status: 101, headers, webSocket: answer.webSocket });
}
