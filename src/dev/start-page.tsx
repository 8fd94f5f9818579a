/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** `GET /` in development: where things are. Elsewhere the path is not there. */

import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { ACCOUNTS_AT, type AppEnv } from '../http/context.ts';
import { publicPath } from '../http/origins.ts';
import { Page, showPage } from '../http/page.tsx';

/** Of every method, so that no 405 says otherwise. */
const inDevelopment = createMiddleware<AppEnv>(async function inDevelopment(c, next) {
  if (c.var.services.settings.ENVIRONMENT !== 'development') throw new Refusal('not_found');
  return next();
});

export const startPageRoutes = () =>
  new Hono<AppEnv>({ strict: false }).use('/', inDevelopment).get('/', (c) => {
    const { settings } = c.var.services;
    const { DOCS, MAIL } = settings;
    const base = publicPath(settings);
    return showPage(
      c,
      () => (
        <Page title="Accounts in development" language="en" files={`${base}/static`}>
          <h1>Accounts in development</h1>
          <p>The service is running. This page is shown in development only.</p>
          <ul>
            {DOCS && (
              <li>
                <a href={`${base}/docs`}>API documentation</a>: every endpoint, to be tried in the browser.
              </li>
            )}
            <li>
              <a href={`${base}/admin`}>Console</a>: users, sessions and the audit log. First make yourself
              staff: <code>npm run createsuperuser</code>
            </li>
            {MAIL === 'inbox' && (
              <li>
                <a href={`${base}/dev/mail`}>Development inbox</a>: the e-mail that would have been sent.
              </li>
            )}
            <li>
              API: <code>POST {ACCOUNTS_AT}/sign-up</code>, <code>POST {ACCOUNTS_AT}/login</code>,{' '}
              <code>GET {ACCOUNTS_AT}/me</code>
            </li>
          </ul>
        </Page>
      ),
      { isTranslated: false },
    );
  });
