/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** `GET /dev/mail`: the development inbox, as a page or as JSON. */

import { Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { serveAsset } from '../http/assets.ts';
import type { AppEnv } from '../http/context.ts';
import { publicPath } from '../http/origins.ts';
import { Page, showPage } from '../http/page.tsx';
import { serveTheme } from '../http/site.ts';
import { canonicalEmail } from '../identity.ts';
import { fill } from '../languages/describe.ts';
import { devPages } from '../languages/index.ts';
import type { Inbox } from '../ports.ts';

interface MailEnv extends AppEnv {
  Variables: AppEnv['Variables'] & { services: { inbox: Inbox | null } };
}

/** For every method, so that production answers 404, never 405. */
const withInbox = createMiddleware<MailEnv>(async function withInbox(c, next) {
  if (!c.var.services.inbox) throw new Refusal('not_found');
  return next();
});

export const devMailRoutes = () =>
  new Hono<MailEnv>({ strict: false })
    .use('/dev/mail', withInbox)
    .use('/dev/mail/*', withInbox)
    .get('/dev/mail/theme.css', (c) => serveTheme(c))
    .get('/dev/mail/page.css', (c) => serveAsset(c, '/static/page.css'))
    .get('/dev/mail', async (c) => {
      const to = c.req.query('to');
      const mails =
        (await c.var.services.inbox?.(to === undefined ? null : (canonicalEmail(to) ?? to))) ?? [];
      c.header('Vary', 'Accept', { append: true });
      const type = accepts(c, {
        header: 'Accept',
        supports: ['application/json', 'text/html'],
        default: 'application/json',
      });
      if (type === 'application/json') {
        return c.json({
          messages: mails.map(({ createdAt, ...mail }) => ({ ...mail, created_at: createdAt })),
        });
      }
      const { language } = c.var;
      const say = devPages[language].inbox;
      return showPage(c, () => (
        <Page title={say.title} language={language} files={`${publicPath(c.var.services.settings)}/dev/mail`}>
          <h1>{say.title}</h1>
          <p>{say.intro}</p>
          {mails.length === 0 && <p class="empty">{say.empty}</p>}
          {mails.map((mail) => (
            <article>
              <h2>{mail.subject}</h2>
              <p class="meta">
                {fill(say.to, { to: mail.to })}, <time datetime={mail.createdAt}>{mail.createdAt}</time>
              </p>
              {mail.text.split('\n\n').map((paragraph) =>
                /^https?:\/\/\S+$/.test(paragraph) ? (
                  <p>
                    <a href={paragraph}>{paragraph}</a>
                  </p>
                ) : (
                  <p>{paragraph}</p>
                ),
              )}
            </article>
          ))}
        </Page>
      ));
    });
