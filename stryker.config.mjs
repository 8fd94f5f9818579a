/**
 * Mutation testing (docs/mutation.md): `npm run test:mutation`, or one part of it with MUTATION=<part>.
 * A part names the tests it is measured by; no other is in Stryker's copy of the project. (Its own `testFiles`
 * lets every mutant of a constant survive: stryker-mutator/stryker-js#6144.)
 */
import { readFileSync } from 'node:fs';

const unit = (...names) => names.map((name) => `test/unit/${name}.test.ts`);
const workers = (...names) => names.map((name) => `test/workers/${name}.test.ts`);

/** The line of `file` that begins with `text`, as Stryker names a range. */
function line(file, text) {
  const at = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((one) => one.trim().startsWith(text));
  if (at < 0) throw new Error(`${file} has no line that begins with ${text}`);
  return `${file}:${at + 1}-${at + 1}`;
}

/** `wakes`: mutants that are known to die. Where one lives, it is the tool that sleeps, and the rest says nothing. */
const PARTS = {
  'rules-wake': {
    wakes: true,
    mutate: [
      line('src/token/claims.ts', 'const OWN_AUDIENCE:'),
      line('src/password/pbkdf2.ts', 'return difference === 0'),
    ],
    tests: unit('claims', 'password-hash'),
  },
  rules: {
    mutate: [
      'src/token/{claims,codec,jwk,key-set,rotation}.ts',
      'src/password/{chained-pbkdf2,common,hash,native-scrypt,own-hash,own-scrypt,pbkdf2,policy,sliced-pbkdf2,work}.ts',
      'src/password/foreign/*.ts',
    ],
    tests: unit(
      'claims',
      'codec',
      'django',
      'foreign-hashes',
      'keys',
      'password-hash',
      'password-policy',
      'rotation',
      'verifying-keys',
      'wycheproof',
    ),
  },
  rooms: {
    mutate: [
      'src/{identity,origins,secret-box,site-color}.ts',
      'src/connections/{providers,return-to}.ts',
      'src/passkeys/{challenge,client-data,no-certificates,public-key,relying-party,webauthn}.ts',
      'src/second-factor/{recovery-codes,totp}.ts',
    ],
    tests: unit(
      'identity',
      'no-certificates',
      'origins',
      'providers',
      'relying-party',
      'return-to',
      'site-color',
      'totp',
      'webauthn',
    ),
  },
  'rooms-in-workerd': {
    mutate: [
      'src/email-sign-in/{code,sign-in}.ts',
      'src/passkeys/{assertion,reauthentication,registration,second-factor,sign-in}.ts',
      'src/second-factor/{enrolment,proof,sign-in}.ts',
    ],
    tests: workers(
      'email-sign-in',
      'factor-log-lines',
      'limits',
      'outbox',
      'passkey-second-factor',
      'passkeys',
      'reauthentication',
      'second-factor',
      'staff-passkeys',
      'staff-second-factor',
    ),
  },
  'use-cases-wake': {
    wakes: true,
    mutate: [line('src/account/application/session.ts', "if (result.outcome === 'not_found')")],
    tests: workers('session-ends'),
  },
  'use-cases': {
    mutate: [
      'src/account/application/*.ts',
      'src/token/{blacklist,d1-refresh-tokens,d1-sessions}.ts',
      'src/password/breach.ts',
    ],
    tests: [
      ...unit('blacklist'),
      ...workers(
        'accounts',
        'email-change',
        'email-verification',
        'limits',
        'log-in',
        'log-lines',
        'password-change',
        'password-rehash',
        'password-reset',
        'passwords',
        'refresh',
        'session-ends',
        'session-life',
        'session-limits',
        'sessions',
        'sign-up',
        'sign-up-modes',
        'simplejwt',
      ),
    ],
  },
};

// Once is enough here: what is looked for is a change of the rules, not a rare interleaving.
process.env.RACE_REPEATS ??= '1';

const name = process.env.MUTATION ?? 'rules';
const part = PARTS[name];
if (!part) throw new Error(`MUTATION is one of ${Object.keys(PARTS).join(', ')}`);

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.config.ts', related: true },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Patience: on a busy machine a slow test is no infinite loop. (Those are found by counting.)
  timeoutMS: 60_000,
  dryRunTimeoutMinutes: 20,
  mutate: part.mutate,
  ignorePatterns: [
    '.wrangler',
    'assets',
    '!assets/static/theme.css',
    'bench',
    'dist',
    'docs',
    'examples/notes/test',
    'reports',
    'test/{e2e,scripts}',
    'test/{unit,workers}/*.test.*',
    ...part.tests.map((test) => `!${test}`),
  ],
  // TypeScript 7 has no API by which Stryker could rewrite it; no test runner reads it.
  tsconfigFile: 'tsconfig.none.json',
  thresholds: { high: 95, low: 85, break: part.wakes ? 100 : 85 },
  reporters: part.wakes ? ['clear-text'] : ['clear-text', 'progress', 'html', 'json'],
  clearTextReporter: { allowEmojis: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `reports/mutation/${name}.html` },
  jsonReporter: { fileName: `reports/mutation/${name}.json` },
  incremental: !part.wakes,
  incrementalFile: `reports/mutation/${name}.incremental.json`,
};
