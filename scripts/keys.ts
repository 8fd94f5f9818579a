/**
 * `npm run keys -- new [--alg ALG]`: creates a signing key. Standard output has the private JWK on the first line and
 * its public half on the second, so that it can be piped into `wrangler secret put`.
 *
 * `npm run keys -- rotate [--alg ALG] [--from URL] [--env NAME]`: creates a signing key and prints which secrets to set,
 * in which order, so that no user is signed out. Changes nothing itself. Both commands print secrets.
 */
import { parseArgs } from 'node:util';
import { parseSettings } from '../src/settings.ts';
import { ALGORITHMS, type Jwk, newKey } from './keys/new-key.ts';
import { type Keys, keysInUse, type RotationStep, rotationSteps } from './keys/rotation.ts';
import { ScriptFault } from './lib/fault.ts';
import { helpIfAsked } from './lib/help.ts';
import { commandLine, hasConfig } from './lib/project.ts';
import { runScript } from './lib/stop.ts';
import { workerVariables } from './lib/worker-variables.ts';

const USAGE = `Usage: ${commandLine('keys')} new [--alg ${ALGORITHMS.join('|')}]
       ${commandLine('keys')} rotate [--alg ${ALGORITHMS.join('|')}] [--from URL] [--env NAME]
  --alg   the algorithm of the new key (default: ES256)
  --from  where to read the public keys in use, such as https://accounts.example.com/.well-known/jwks.json. Without
          --from, or if a shared secret is in use, the keys are read from the environment variables SIGNING_KEY and
          VERIFYING_KEYS`;

const FETCH_WITHIN_MS = 10_000;
const DAY_SECONDS = 86_400;

await runScript(async () => {
  const { command, alg, from, environment } = readArguments();
  const key = await newKey(alg);
  if (command === 'new') {
    console.error('The private key, for the secret SIGNING_KEY:');
    console.log(JSON.stringify(key.private));
    if (alg === 'HS256') return 0;
    console.error('Its public half, for VERIFYING_KEYS of Workers that only verify:');
    console.log(JSON.stringify(key.verifying));
    return 0;
  }
  const { VERIFYING_KEYS = '[]', SIGNING_KEY } = process.env;
  const current: Keys = { SIGNING_KEY, VERIFYING_KEYS };
  const inUse = from === undefined ? readKeys(current) : await fetchKeys(from);
  const steps = rotationSteps(current, key, inUse);
  console.log(describe(steps, await longestLifetime(environment), environment));
  return 0;
});

function readArguments() {
  helpIfAsked(USAGE);
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        alg: { type: 'string', default: ALGORITHMS[0] },
        from: { type: 'string' },
        env: { type: 'string' },
      },
    });
    const [command, ...more] = positionals;
    if ((command !== 'new' && command !== 'rotate') || more.length > 0) {
      throw new TypeError('The command must be new or rotate');
    }
    const alg = ALGORITHMS.find((name) => name === values.alg);
    if (alg === undefined) throw new TypeError(`--alg must be one of ${ALGORITHMS.join(', ')}`);
    return { command, alg, from: values.from, environment: values.env } as const;
  } catch (error) {
    throw new ScriptFault(`${(error as Error).message}\n${USAGE}`);
  }
}

function readKeys(current: Keys): Jwk[] {
  let inUse: Jwk[];
  try {
    inUse = keysInUse(current);
  } catch {
    throw new ScriptFault('SIGNING_KEY or VERIFYING_KEYS in the environment is not valid JSON.');
  }
  if (inUse.length > 0) return inUse;
  throw new ScriptFault(`The keys in use are unknown: pass --from, or set SIGNING_KEY.\n${USAGE}`);
}

/** Only over https: anybody who could alter the answer could add a key of their own. */
async function fetchKeys(from: string): Promise<Jwk[]> {
  const url = URL.canParse(from) ? new URL(from) : undefined;
  const isLocal = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url?.protocol !== 'https:' && !(isLocal && url.protocol === 'http:')) {
    throw new ScriptFault('--from must be an https: URL');
  }
  const answer = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_WITHIN_MS),
  }).catch(({ message, cause }: Error) => {
    const why = cause instanceof Error ? ` (${cause.message || (cause as NodeJS.ErrnoException).code})` : '';
    throw new ScriptFault(`${from}: ${message}${why}`);
  });
  const { keys } = (await answer.json().catch(() => ({}))) as { keys?: Jwk[] };
  if (!answer.ok || !Array.isArray(keys)) throw new ScriptFault(`${from} did not return a JWK Set.`);
  if (keys.length === 0) {
    throw new ScriptFault(
      `${from} lists no key: the tokens are signed with a shared secret. Set SIGNING_KEY in the environment instead.`,
    );
  }
  return keys;
}

/** The lifetime in seconds of the longest-lived tokens that the old key signed; null without a configuration. */
async function longestLifetime(environment: string | undefined): Promise<number | null> {
  if (!hasConfig) return null;
  const variables = await workerVariables({ remote: true, environment });
  const { values } = parseSettings(variables, ['ACCESS_TOKEN_LIFETIME', 'REFRESH_TOKEN_LIFETIME']);
  return Math.max(values.ACCESS_TOKEN_LIFETIME, values.REFRESH_TOKEN_LIFETIME);
}

function describe(
  steps: readonly RotationStep[],
  lifetime: number | null,
  environment: string | undefined,
): string {
  const later =
    lifetime === null
      ? 'After REFRESH_TOKEN_LIFETIME'
      : lifetime % DAY_SECONDS === 0
        ? `${lifetime / DAY_SECONDS} d later`
        : `${Math.ceil(lifetime / 3_600)} h later`;
  const why = [
    'Verify with the old and the new key. Set this on Workers that only verify first, on the accounts Worker last.',
    'Sign with the new key. Set this on the accounts Worker only.',
    `${later}, remove the old key. Set this on the accounts Worker first, on Workers that only verify last.`,
  ];
  const chosen = environment === undefined ? '' : ` --env ${environment}`;
  return [
    'Run these steps in order. Wait a minute after each one, until it has reached every location.',
    ...steps.map(
      ({ set, value }, index) =>
        `${index + 1}. ${why[index]}\n\nnpx wrangler secret put ${set}${chosen}\n${value}`,
    ),
  ].join('\n\n');
}
