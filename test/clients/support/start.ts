/** Starts the Worker on miniflare for all test files, once for each way to set it up that they need. */
import type { TestProject } from 'vitest/node';
import { bundle } from '../../../bench/lib/bundle.ts';
import { applyMigrations, type Hosted, host } from '../../../bench/lib/miniflare.ts';
import { freePort } from '../../scripts/support/dev-server.ts';
import { generate } from './generate.ts';
import { AUDIENCE, type Keys, makeKeys } from './keys.ts';

export interface Deployment {
  origin: string;
  keys: Keys;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Signs with a secret (HS256). */
    secret: Deployment;
    /** Signs with an ES256 key pair. */
    keyPair: Deployment;
    /** BLACKLIST_AFTER_ROTATION=false. */
    withoutBlacklist: Deployment;
  }
}

type Settings = Record<string, string>;
type DeploymentName = 'secret' | 'keyPair' | 'withoutBlacklist';
const DEPLOYMENTS: Record<DeploymentName, Settings> = {
  secret: {},
  keyPair: {},
  // Without the grace a consumed token would be refused at once.
  withoutBlacklist: { BLACKLIST_AFTER_ROTATION: 'false', REFRESH_REUSE_GRACE: '0s' },
};

async function deploy(worker: string, keys: Keys, port: number, settings: Settings) {
  const origin = `http://localhost:${port}`;
  const hosted = await host(
    { 'worker.js': worker },
    {
      SIGNING_KEY: keys.signingKey,
      ENVIRONMENT: 'development',
      PUBLIC_URL: origin,
      ISSUER: origin,
      AUDIENCE,
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
  const stop = async () => {
    for (const hosted of started) await hosted.stop();
  };
  try {
    for (const [name, settings] of Object.entries(DEPLOYMENTS) as [DeploymentName, Settings][]) {
      const port = await freePort();
      const origin = `http://localhost:${port}`;
      const keys = await makeKeys(name === 'keyPair' ? 'keyPair' : 'secret');
      started.push(await deploy(worker, keys, port, settings));
      provide(name, { origin, keys });
      if (name === 'secret') await generate(origin);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
