/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** `GET /` in development: links to everything the service offers. In production the path is 404. */

import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { ACCOUNTS_AT, type AppEnv } from '../http/context.ts';
import { publicPath } from '../http/origins.ts';
import { Page, showPage } from '../http/page.tsx';
import { accountPages, devPages } from '../languages/index.ts';

/** For every method, so that production answers 404, never 405. */
const inDevelopment = createMiddleware<AppEnv>(async function inDevelopment(c, next) {
  if (c.var.services.settings.ENVIRONMENT !== 'development') throw new Refusal('not_found');
  return next();
});

const TITLES = { 'sign-in': 'signIn', 'sign-up': 'signUp', forgot: 'forgot', settings: 'settings' } as const;

export const startPageRoutes = () =>
  new Hono<AppEnv>({ strict: false }).use('/', inDevelopment).get('/', (c) => {
    const { settings } = c.var.services;
    const { DOCS, MAIL, PAGES } = settings;
    const pages = PAGES.filter((page) => page !== 'forgot' || MAIL !== 'off');
    const base = publicPath(settings);
    const { language } = c.var;
    const say = devPages[language].start;
    return showPage(c, () => (
      <Page title={say.title} language={language} files={`${base}/static`}>
        <h1>{say.title}</h1>
        <p>{say.intro}</p>
        <ul>
          {DOCS && (
            <li>
              <a href={`${base}/docs`}>{say.docs}</a>: {say.docsAbout}
            </li>
          )}
          <li>
            <a href={`${base}/admin`}>{say.console}</a>: {say.consoleAbout}{' '}
            <code>npm run createsuperuser</code>
          </li>
          {MAIL === 'inbox' && (
            <li>
              <a href={`${base}/dev/mail`}>{say.inbox}</a>: {say.inboxAbout}
            </li>
          )}
          {pages.length > 0 && (
            <li>
              {say.pages}:{' '}
              {pages.map((page, i) => (
                <>
                  {i > 0 && ', '}
                  <a href={`${base}${ACCOUNTS_AT}/${page}`}>{accountPages[language][TITLES[page]].title}</a>
                </>
              ))}
            </li>
          )}
          <li>
            {say.api}: <code>POST {ACCOUNTS_AT}/sign-up</code>, <code>POST {ACCOUNTS_AT}/login</code>,{' '}
            <code>GET {ACCOUNTS_AT}/me</code>
          </li>
        </ul>
      </Page>
    ));
  });
