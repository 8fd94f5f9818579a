/**
 * `/admin`: the console, rendered on the server. Path → form → one call → page, or a redirect after a POST. Only a passkey
 * needs a script, no GET changes anything, and every POST must come from a page of this origin. The pages of one user are
 * in user-routes.ts.
 */
import { Hono } from 'hono';
import { serveAsset } from '../http/assets.ts';
import { serveTheme } from '../http/site.ts';
import { seconds } from '../ports.ts';
import { actRoutes } from './act-routes.ts';
import { overview } from './application.ts';
import { requireStaffSession } from './cookie.ts';
import { credentialRoutes } from './credential-routes.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { seenSessions } from './devices.ts';
import type { AdminEnv } from './env.ts';
import { groupRoutes } from './group-routes.ts';
import { historyQuery, pageQuery, userQuery, writeCursor } from './listing.ts';
import { logInRoutes } from './log-in-routes.ts';
import { HistoryPage } from './pages/history.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { RevokedTokensPage } from './pages/revoked-tokens.tsx';
import { LiveSessionsPage } from './pages/sessions.tsx';
import { UsersPage } from './pages/users.tsx';
import { secondFactorSetUpRoutes } from './second-factor-routes.ts';
import { show } from './show.tsx';
import { signInMethodRoutes } from './sign-in-method-routes.ts';
import { userRoutes } from './user-routes.ts';

export const consoleRoutes = () =>
  new Hono<AdminEnv>({ strict: false })
    .get('/theme.css', (c) => serveTheme(c))
    .get('/console.css', (c) => serveAsset(c, '/admin/console.css'))
    .get('/console.js', (c) => serveAsset(c, '/admin/console.js'))
    .get('/passkey.js', (c) => serveAsset(c, '/admin/passkey.js'))
    .route('/', logInRoutes())
    .get('/', requireStaffSession, async (c) => {
      const { services } = c.var;
      const sendsEvents = services.admin.deadLetters.canRetry;
      const { providers } = services.connections;
      return show(c, OverviewPage, { ...(await overview(services)), sendsEvents, providers });
    })
    .get('/users', requireStaffSession, async (c) => {
      const query = c.req.query();
      const order = userQuery(query);
      const { store, totals } = c.var.services.admin;
      const [{ items, next, looked, tooMany }, total] = await Promise.all([
        store.users(order),
        totals.users(order),
      ]);
      return show(c, UsersPage, {
        users: items,
        tooMany,
        total,
        order,
        query,
        looked,
        next: writeCursor(next),
      });
    })
    .route('/second-factor', secondFactorSetUpRoutes())
    .route('/users', groupRoutes())
    .route('/users', userRoutes())
    .route('/users', actRoutes())
    .route('/users', credentialRoutes())
    .route('/users', signInMethodRoutes())
    .route('/dead-letters', deadLetterRoutes())
    .get('/revoked-tokens', requireStaffSession, async (c) => {
      const query = c.req.query();
      const { store, totals } = c.var.services.admin;
      const jti = query.jti?.trim() || null;
      const [{ items, next, looked }, total] = await Promise.all([
        store.revokedTokens({ ...pageQuery(query, 'number', 'string'), jti }),
        jti === null ? totals.revokedTokens() : null,
      ]);
      const owners = await store.ownersOf(items.map(({ sessionId }) => sessionId));
      const list = { query, looked, total, next: writeCursor(next) };
      return show(c, RevokedTokensPage, { rows: items, owners, ...list });
    })
    .get('/sessions', requireStaffSession, async (c) => {
      const { services, caller, language } = c.var;
      const query = c.req.query();
      const now = seconds(services.clock);
      const { store, totals } = services.admin;
      const [{ items, next, looked }, total] = await Promise.all([
        store.liveSessions(now, pageQuery(query, 'string', 'string')),
        totals.liveSessions(now),
      ]);
      return show(c, LiveSessionsPage, {
        sessions: await seenSessions(items, language),
        own: caller.sessionId,
        now,
        query,
        looked: total ? null : looked,
        total,
        next: writeCursor(next),
      });
    })
    .get('/history', requireStaffSession, async (c) => {
      const query = c.req.query();
      const { store, totals } = c.var.services.admin;
      const wanted = await historyQuery(query, store);
      const [{ items, next, looked }, total] = await Promise.all([
        store.history(wanted),
        totals.history(wanted),
      ]);
      return show(c, HistoryPage, { rows: items, query, looked, total, next: writeCursor(next) });
    });
