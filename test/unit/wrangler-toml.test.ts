import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unstable_readConfig } from 'wrangler';

/** What is looked at; wrangler's own type needs packages that are not here. */
interface Config {
  name: string;
  compatibility_date: string;
  triggers: unknown;
  limits: unknown;
  workers_dev: boolean;
  preview_urls: boolean;
  d1_databases: { binding: string; database_name: string; migrations_dir: string }[];
  kv_namespaces: { binding: string }[];
  ratelimits: { name: string; namespace_id: string; simple: unknown }[];
  send_email: unknown;
  assets: unknown;
}

const read = (env?: string, config = 'wrangler.toml'): Config =>
  unstable_readConfig({ config, env }, { hideWarnings: true });
const production = read();
const staging = read('staging');

describe('wrangler.toml', () => {
  it('has no ids of databases or namespaces, so that a clone can be deployed unchanged', () => {
    const { d1_databases, kv_namespaces } = production;
    expect(d1_databases).toEqual([
      { binding: 'DB', database_name: 'hono-accounts', migrations_dir: 'migrations' },
    ]);
    expect(kv_namespaces).toEqual([{ binding: 'BLACKLIST' }]);
  });

  it('has the same bindings in staging as in production, and another database', () => {
    const bindings = ({
      d1_databases,
      kv_namespaces,
      ratelimits,
      send_email,
      assets,
    }: typeof production) => ({
      d1: d1_databases.map(({ binding, migrations_dir }) => [binding, migrations_dir]),
      kv: kv_namespaces.map(({ binding }) => binding),
      limits: ratelimits.map(({ name, simple }) => [name, simple]),
      mail: send_email,
      assets,
    });
    expect(bindings(staging)).toEqual(bindings(production));
    expect(staging.d1_databases[0]?.database_name).toBe('hono-accounts-staging');
    expect(staging.name).toBe('hono-accounts-staging');
  });

  it('has a separate id for each limit, as ids are shared by a whole account', () => {
    const ids = [production, staging].flatMap(({ ratelimits }) =>
      ratelimits.map(({ namespace_id }) => namespace_id),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ['production', production],
    ['staging', staging],
  ])('states where %s is reachable: on workers.dev, without preview URLs', (_, config) => {
    expect(config).toMatchObject({ workers_dev: true, preview_urls: false });
  });
});

describe('the template for hosts', () => {
  const template = read(undefined, 'docs/template/wrangler.toml');

  it('has every binding and limit of the Worker, with its own ids', () => {
    const shared = ({ kv_namespaces, ratelimits, ...config }: Config) => ({
      kv_namespaces,
      limits: ratelimits.map(({ name, simple }) => [name, simple]),
      compatibility_date: config.compatibility_date,
      triggers: config.triggers,
      limits_of_cpu: config.limits,
    });
    expect(shared(template)).toEqual(shared(production));
    expect(template.d1_databases).toEqual([{ binding: 'DB', database_name: 'my-worker' }]);
    expect(template.assets).toMatchObject({ binding: 'ASSETS', run_worker_first: true });
    const ids = [production, staging].flatMap(({ ratelimits }) =>
      ratelimits.map((limit) => limit.namespace_id),
    );
    expect(template.ratelimits.filter(({ namespace_id }) => ids.includes(namespace_id))).toEqual([]);
  });

  it('is the Worker in docs/mount.md', () => {
    const source = readFileSync('docs/template/src/index.ts', 'utf8');
    expect(readFileSync('docs/mount.md', 'utf8')).toContain(`\`\`\`ts\n${source}\`\`\``);
  });
});

describe('the Deploy to Cloudflare button', () => {
  const lines = readFileSync('.dev.vars.example', 'utf8').split('\n');

  it('asks for nothing: each line of .dev.vars.example that is not a comment would be a required field', () => {
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
    expect(lines).toContain('# SIGNING_KEY=');
  });

  it('describes only existing bindings', () => {
    const { cloudflare } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      cloudflare: { bindings: Record<string, { description: string }> };
    };
    const { d1_databases, kv_namespaces } = production;
    expect(Object.keys(cloudflare.bindings)).toEqual([
      ...[...d1_databases, ...kv_namespaces].map(({ binding }) => binding),
      'SIGNING_KEY',
    ]);
  });
});
