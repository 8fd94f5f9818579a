/** A real OpenID Connect provider on loopback: panva's oidc-provider, with its pages for log-in and consent. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
// @ts-expect-error: it has no types.
import { Provider } from 'oidc-provider';

export const CLIENT = { client_id: 'accounts', client_secret: 'a-secret-between-the-two-of-them' };

export interface OidcServer {
  issuer: string;
  stop: () => Promise<void>;
}

/** Whoever logs in there with a name has `<name>@example.com`, which it vouches for. */
export async function startOidc(redirectUri: string): Promise<OidcServer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: async (_: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: 'Mina Kim' }),
    }),
    cookies: { keys: ['a-key-for-the-cookies-of-the-provider'] },
  });
  server.on('request', provider.callback());
  return {
    issuer,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
