/** Checks whether a port is in use before anything else happens: wrangler would notice only after the migrations. */
import { createServer } from 'node:net';

/** `localhost` has two addresses, and a client may try either first. */
export async function isPortTaken(port: number, host: string): Promise<boolean> {
  const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : [host === '*' ? '0.0.0.0' : host];
  const taken = await Promise.all(addresses.map((address) => isTaken(port, address)));
  return taken.includes(true);
}

function isTaken(port: number, address: string): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    // wrangler explains any other error (no IPv6, a port that needs root).
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'EADDRINUSE'));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => done(false)));
  });
}
