/** Services that verify tokens: an Express app on loopback, and how any of them is asked. */
import type { AddressInfo } from 'node:net';
import type express from 'express';

export type Express = ReturnType<typeof express>;
/** Whose a token is; rejects one that is refused. */
export type Verifier = (token: string) => Promise<string | undefined>;

const servers: { close: () => void }[] = [];
export const closeServers = () => {
  for (const server of servers.splice(0)) server.close();
};

export async function asked(answer: Response): Promise<string> {
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

/** `GET /me` of the app answers `{ id }`. */
export async function serve(app: Express): Promise<Verifier> {
  const server = await new Promise<ReturnType<Express['listen']>>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  return async (token) =>
    asked(await fetch(`http://127.0.0.1:${port}/me`, { headers: { Authorization: `Bearer ${token}` } }));
}

/** Somebody new, and their tokens. */
export async function signUp(origin: string): Promise<{ access: string; refresh: string }> {
  const answer = await fetch(`${origin}/account/sign-up`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      email: `${crypto.randomUUID()}@example.com`,
      password: 'correct horse battery',
    }),
  });
  return (await answer.json()) as { access: string; refresh: string };
}
