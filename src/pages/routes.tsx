/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The account pages, below the mount of the account app. PAGES decides which of them exist. */
import { type Context, Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Child } from 'hono/jsx';
import type { WithConnections } from '../connections/services.ts';
import { invalid, Refusal } from '../errors.ts';
import { serveAsset } from '../http/assets.ts';
import { showPage } from '../http/page.tsx';
import type { Site } from '../http/site.ts';
import { accountPages } from '../languages/index.ts';
import type { FactorsEnv } from '../second-factor/env.ts';
import type { PageName } from '../setting-parsers.ts';
import { ForgotPage } from './forgot.tsx';
import type { Frame, ReturnTo } from './parts.tsx';
import { isBad, queryOf, readReturn } from './return.ts';
import { ReturnFaultPage } from './return-fault.tsx';
import { SettingsPage } from './settings.tsx';
import { SignInPage } from './sign-in.tsx';
import { SignUpPage } from './sign-up.tsx';

export interface PagesEnv extends FactorsEnv {
  Variables: FactorsEnv['Variables'] & { services: WithConnections };
}
type PagesContext = Context<PagesEnv>;

const frameOf = (c: PagesContext, site: Site, returnTo: ReturnTo | null): Frame => {
  const { settings, mailer, factors, connections } = c.var.services;
  return {
    site,
    language: c.var.language,
    words: accountPages[c.var.language],
    mount: c.var.mount,
    query: queryOf(returnTo),
    pages: settings.PAGES,
    cookie: settings.REFRESH_TRANSPORT === 'cookie',
    signUp: settings.SIGN_UP,
    mail: mailer !== null,
    factors: factors !== null,
    passkeys: settings.PASSKEYS,
    byEmail: settings.SIGN_IN_BY_EMAIL,
    providers: connections.providers,
    minLength: settings.PASSWORD_MIN_LENGTH,
    returnUrl: settings.RETURN_URL,
    returnTo,
  };
};

/** For every method, so that a page that is off answers 404, never 405. */
const ifOn = (page: PageName) =>
  createMiddleware<PagesEnv>(async function ifOn(c, next) {
    const { settings, mailer } = c.var.services;
    const isThere = settings.PAGES.includes(page) && (page !== 'forgot' || mailer !== null);
    if (!isThere) throw new Refusal('not_found');
    return next();
  });

/** Leaves `POST /sign-up` alone, which exists regardless of PAGES. */
const signUpPage = createMiddleware<PagesEnv>(async function signUpPage(c, next) {
  if (c.req.method === 'POST' || c.var.services.settings.PAGES.includes('sign-up')) return next();
  const Allow = 'POST, OPTIONS';
  if (c.req.method === 'OPTIONS') return c.body(null, 204, { Allow });
  throw new Refusal('method_not_allowed', { headers: { Allow } });
});

/** Browsers list text/html in Accept. */
const wantsPage = (c: PagesContext) => /\btext\/html\b/i.test(c.req.header('Accept') ?? '');

/** `needsCode`: the page ends with a session, for which an app of another origin receives a code. */
function show(c: PagesContext, Content: (props: { frame: Frame }) => Child, { needsCode = false } = {}) {
  const returnTo = readReturn(c, needsCode);
  if (!isBad(returnTo)) return showPage(c, (site) => <Content frame={frameOf(c, site, returnTo)} />);
  c.header('Vary', 'Accept', { append: true });
  if (!wantsPage(c)) throw invalid(returnTo.faults);
  return showPage(c, (site) => <ReturnFaultPage frame={frameOf(c, site, null)} />, { status: 400 });
}

export const pageRoutes = () =>
  new Hono<PagesEnv>({ strict: false })
    .use('/sign-in', ifOn('sign-in'))
    .use('/forgot', ifOn('forgot'))
    .use('/settings', ifOn('settings'))
    .use('/sign-up', signUpPage)
    .get('/sign-in', (c) => show(c, SignInPage, { needsCode: true }))
    .get('/sign-up', (c) => show(c, SignUpPage, { needsCode: true }))
    .get('/forgot', (c) => show(c, ForgotPage))
    .get('/settings', (c) => show(c, SettingsPage))
    .get('/static/pages.js', (c) => serveAsset(c, '/static/pages.js'))
    .get('/static/settings.js', (c) => serveAsset(c, '/static/settings.js'));
