/** Starts the Worker twice on miniflare, for all test files: with a secret, and with a key pair and an issuer. */
import type { TestProject } from 'vitest/node';
import { bundle } from '../../../bench/lib/bundle.ts';
import { applyMigrations, type Hosted, host } from '../../../bench/lib/miniflare.ts';
import { freePort } from '../../scripts/support/dev-server.ts';
import { AUDIENCE, type Keys, makeKeys } from './keys.ts';

export interface Deployment {
  origin: string;
  keys: Keys;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** A shared secret, and no issuer or audience: what a new clone has. */
    secret: Deployment;
    /** An ES256 key pair, ISSUER and AUDIENCE: what a service with other verifiers has. */
    keyPair: Deployment;
  }
}

async function deploy(worker: string, keys: Keys, port: number, settings: Record<string, string>) {
  const hosted = await host(
    { 'worker.js': worker },
    {
      SIGNING_KEY: keys.signingKey,
      ENVIRONMENT: 'development',
      PUBLIC_URL: `http://localhost:${port}`,
      MAIL: 'off',
      RATE_LIMITS: 'off',
      PASSWORD_ITERATIONS: '1000',
      ...settings,
    },
    { port, assets: 'assets' },
  );
  await applyMigrations(hosted.db);
  return hosted;
}

export default async function start({ provide }: TestProject): Promise<() => Promise<void>> {
  const worker = await bundle('src/worker.ts');
  const started: Hosted[] = [];
  for (const name of ['secret', 'keyPair'] as const) {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const keys = await makeKeys(name);
    const settings: Record<string, string> = name === 'keyPair' ? { ISSUER: origin, AUDIENCE } : {};
    started.push(await deploy(worker, keys, port, settings));
    provide(name, { origin, keys });
  }
  return async () => {
    for (const hosted of started) await hosted.stop();
  };
}
