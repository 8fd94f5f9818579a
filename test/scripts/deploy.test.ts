import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Existing, planDeployment } from '../../scripts/lib/deployment-plan.ts';
import { fakeCloudflare } from './support/fake-cloudflare.ts';
import { run, temporaryFolder } from './support/run.ts';

const TABLES = ['users', 'sessions', 'revoked_tokens', 'one_time_tokens', 'admin_log', 'sweep_progress'];
const wranglerToml = readFileSync('wrangler.toml', 'utf8');

async function account() {
  const cloudflare = await fakeCloudflare(temporaryFolder());
  onTestFinished(cloudflare.stop);
  const deploy = async (...args: string[]) => {
    const ended = await run('deploy', ['--url', cloudflare.origin, ...args], { env: cloudflare.environment });
    return { code: ended.code, output: ended.stdout + ended.stderr, changes: cloudflare.changes() };
  };
  const secretOf = (worker = 'hono-accounts') => cloudflare.workers.get(worker)?.secrets.SIGNING_KEY;
  return { ...cloudflare, deploy, secretOf };
}

const createdTables = (changes: string[]) =>
  TABLES.filter((table) => changes.includes(`create table ${table}`));
const without = (kind: RegExp, changes: string[]) => changes.filter((change) => !kind.test(change));

describe('the plan of a deployment', () => {
  it.each<[string, Existing, string | undefined, string[]]>([
    ['nothing', { secrets: null, database: false }, undefined, ['deploy SIGNING_KEY', 'migrate', 'smoke']],
    [
      'nothing, and a location is asked for',
      { secrets: null, database: false },
      'weur',
      ['create-database', 'migrate', 'deploy SIGNING_KEY', 'smoke'],
    ],
    ['a database', { secrets: null, database: true }, 'weur', ['migrate', 'deploy SIGNING_KEY', 'smoke']],
    ['all', { secrets: ['SIGNING_KEY'], database: true }, undefined, ['migrate', 'deploy', 'smoke']],
    [
      'a Worker without the secret',
      { secrets: ['OTHER'], database: true },
      undefined,
      ['migrate', 'deploy SIGNING_KEY', 'smoke'],
    ],
    [
      'a Worker whose database is gone',
      { secrets: ['SIGNING_KEY'], database: false },
      undefined,
      ['deploy', 'migrate', 'smoke'],
    ],
  ])('with %s', (_, existing, location, expected) => {
    const steps = planDeployment(existing, { secrets: ['SIGNING_KEY'], location, url: undefined });
    expect(
      steps.map((step) => [step.step, ...(step.step === 'deploy' ? step.secrets : [])].join(' ')),
    ).toEqual(expected);
  });
});

describe('npm run deploy', { timeout: 240_000 }, () => {
  it('deploys a working Worker from a clone, and the next time keeps its key', async () => {
    const { deploy, secretOf, namespaces, databases } = await account();

    const first = await deploy();
    expect(first, first.output).toMatchObject({ code: 0 });
    expect(first.changes.slice(0, 3)).toEqual([
      'create namespace hono-accounts-blacklist',
      'create database hono-accounts',
      'upload hono-accounts with SIGNING_KEY, ENCRYPTION_KEY',
    ]);
    expect(createdTables(first.changes.slice(3))).toEqual(TABLES);
    expect(first.output).toContain('log-in after that is 401');
    expect(first.output).toContain('npm run createsuperuser');
    const key = secretOf() ?? '';
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);

    const second = await deploy('--location', 'weur');
    expect(second, second.output).toMatchObject({ code: 0 });
    expect(createdTables(second.changes)).toEqual([]);
    expect(without(/^create table/, second.changes)).toEqual(['upload hono-accounts']);
    expect(second.output).toContain('--location has no effect');
    expect(secretOf()).toBe(key);

    expect(first.output + second.output).not.toContain(key);
    expect([namespaces.size, databases.size]).toEqual([1, 1]);
    expect(readFileSync('wrangler.toml', 'utf8')).toBe(wranglerToml);
  });

  it('can be repeated after a failure at each step, with one namespace, one database and one key', async () => {
    const { deploy, failOn, failSmoke, secretOf, namespaces, databases } = await account();
    const failing = async (on: RegExp | null, kind?: 'before' | 'after') => {
      failOn(on, kind);
      const { code, output, changes } = await deploy();
      expect(code, output).toBe(1);
      return without(/^create table/, changes);
    };

    expect(await failing(/^POST \/d1\/database$/)).toEqual(['create namespace hono-accounts-blacklist']);
    // The namespace is there and no Worker has it; the answer to the upload is lost.
    expect(await failing(/^PUT \/workers\/scripts\/[^/]+$/, 'after')).toEqual([
      'create database hono-accounts',
      'upload hono-accounts with SIGNING_KEY, ENCRYPTION_KEY',
    ]);
    const key = secretOf();
    expect(key).toBeDefined();
    expect(await failing(/^POST \/d1\/database\/.*\/query$/)).toEqual([]);
    failSmoke(true);
    expect(await failing(null)).toEqual(['upload hono-accounts']);

    failSmoke(false);
    const last = await deploy();
    expect(last, last.output).toMatchObject({
      code: 0,
      changes: ['create table IF', 'upload hono-accounts'],
    });
    expect(secretOf()).toBe(key);
    expect([namespaces.size, databases.size]).toEqual([1, 1]);
    expect(readdirSync('.').filter((file) => file.startsWith('.wrangler-deploy'))).toEqual([]);
    expect(readFileSync('wrangler.toml', 'utf8')).toBe(wranglerToml);
  });

  it('lists its steps and runs none', async () => {
    const { deploy, workers } = await account();
    const { code, output, changes } = await deploy('--dry-run', '--location', 'weur');
    expect(code, output).toBe(0);
    expect(output.split('\n').slice(0, 4)).toEqual([
      '1/4 Create the D1 database hono-accounts (weur)',
      '2/4 Apply the migrations to hono-accounts',
      '3/4 Deploy the Worker hono-accounts with a new random SIGNING_KEY, ENCRYPTION_KEY',
      expect.stringContaining('4/4 Run the smoke test'),
    ]);
    expect([changes, workers.size]).toEqual([[], 0]);
  });

  it('deploys staging next to production, with its database at the chosen location', async () => {
    const { deploy, databases, workers } = await account();
    const { code, output } = await deploy('--env', 'staging', '--location', 'apac');
    expect(code, output).toBe(0);
    expect([...workers.keys()]).toEqual(['hono-accounts-staging']);
    expect([...databases.values()]).toEqual([
      expect.objectContaining({ name: 'hono-accounts-staging', location: 'apac' }),
    ]);
    expect(readFileSync('wrangler.toml', 'utf8')).toBe(wranglerToml);
  });

  describe('without a deployment', () => {
    it.each([
      ['an environment that is not there', ['--env', 'nowhere'], {}, 'No environment found'],
      ['a location that is none', ['--location', 'mars'], {}, '--location must be one of'],
      ['an option that is none', ['--force'], {}, 'Usage: npm run deploy'],
      ['a wrong token', [], { CLOUDFLARE_API_TOKEN: 'wrong' }, 'Authentication error'],
      ['nobody who is logged in', [], { CLOUDFLARE_API_TOKEN: '' }, 'npx wrangler login'],
    ])('reports %s and exits with 1', async (_, args, env, sentence) => {
      const { environment, changes, stop } = await fakeCloudflare(temporaryFolder());
      onTestFinished(stop);
      const ended = await run('deploy', args, {
        env: { ...environment, XDG_CONFIG_HOME: temporaryFolder(), ...env },
      });
      expect(ended.code).toBe(1);
      expect(ended.stdout + ended.stderr).toContain(sentence);
      expect(changes()).toEqual([]);
    });
  });
});
