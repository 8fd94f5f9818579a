/**
 * better-auth set up like its guide for Workers: one instance per Worker, D1, e-mail and password, and the JWT plugin (without
 * the token that it would sign at every session look-up). Its rate limits are off, as ours are.
 */
import { env } from 'cloudflare:workers';
import { type BetterAuthOptions, type BetterAuthPlugin, betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { jwt } from 'better-auth/plugins';

export function worker(...plugins: BetterAuthPlugin[]) {
  const options = {
    baseURL: 'http://127.0.0.1',
    secret: 'a-signing-key-for-the-bench-0123456789-abcdef',
    database: (env as { DB: D1Database }).DB,
    emailAndPassword: { enabled: true },
    plugins: [jwt({ disableSettingJwtHeader: true }), ...plugins],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  } satisfies BetterAuthOptions;
  const auth = betterAuth(options);
  return {
    async fetch(request: Request): Promise<Response> {
      if (request.url.endsWith('/bench/migrate')) {
        await (await getMigrations(options)).runMigrations();
        return Response.json({});
      }
      return auth.handler(request);
    },
  };
}
