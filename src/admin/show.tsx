/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Responds with pages: CSP, language, and the error page. */
import type { Child } from 'hono/jsx';
import { REFUSALS } from '../errors.ts';
import { answerError, refusalOf } from '../http/problem.ts';
import { imageSources, siteOf } from '../http/site.ts';
import { describeRefusal } from '../languages/describe.ts';
import { consoleWords } from '../languages/index.ts';
import { consoleCaller } from './console-session.ts';
import { readCookie } from './cookie.ts';
import type { AdminContext } from './env.ts';
import { takeNotice } from './notice.ts';
import type { Frame } from './pages/parts.tsx';
import { ErrorPage } from './pages/sign.tsx';

/** Responds with the page in its frame. No other origin can read it, whatever ALLOWED_ORIGINS says for the API. */
export function show<P extends { frame: Frame }>(
  c: AdminContext,
  Page: (props: P) => Child,
  props: Omit<P, 'frame'>,
  status: keyof Frame['words']['errors'] | 200 = 200,
): Response {
  const { language } = c.var;
  const frame: Frame = {
    base: c.var.mount,
    language,
    words: consoleWords[language],
    site: siteOf(c),
    caller: c.get('caller')?.user ?? null,
    done: c.req.query('done'),
    notice: c.req.query('done') === undefined ? null : takeNotice(c),
  };
  c.header('Access-Control-Allow-Origin', undefined);
  c.header('Access-Control-Allow-Credentials', undefined);
  c.header(
    'Content-Security-Policy',
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src ${imageSources(c)}; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  );
  c.header('Content-Language', language);
  c.header('Vary', 'Accept-Language', { append: true });
  return c.html(`<!doctype html>${Page({ frame, ...props } as unknown as P)}`, status) as Response;
}

/** Browsers accept `text/html` by name; any other client gets JSON. */
const wantsPage = (c: AdminContext) => /\btext\/html\b/i.test(c.req.header('Accept') ?? '');

/** The console's onError: the refusal with its status and headers, as a page for browsers. */
export async function showError(error: unknown, c: AdminContext): Promise<Response> {
  const answer = wantsPage(c) ? await errorPage(error, c) : answerError(error, c);
  answer.headers.append('Vary', 'Accept');
  return answer;
}

async function errorPage(error: unknown, c: AdminContext): Promise<Response> {
  const refusal = refusalOf(error, c);
  const { status } = REFUSALS[refusal.kind];
  if (status === 404) await findCaller(c);
  for (const [name, value] of Object.entries(refusal.headers)) c.header(name, value);
  const words = consoleWords[c.var.language];
  return show(
    c,
    ErrorPage,
    {
      title: words.errors[status],
      detail: refusal.kind === 'not_found' ? words.noPage : describeRefusal(refusal.kind, c.var.language),
      request: status >= 500 ? c.get('requestId') : null,
    },
    status,
  );
}

/** No route has read the cookie if none matched: whoever is logged in keeps the navigation. */
async function findCaller(c: AdminContext): Promise<void> {
  const token = c.get('caller') ? null : readCookie(c);
  const caller = token && (await consoleCaller(c.var.services, token).catch(() => null));
  if (caller) c.set('caller', caller);
}
