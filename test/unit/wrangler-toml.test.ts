import { describe, expect, it } from 'vitest';
import { unstable_readConfig } from 'wrangler';

const read = () => unstable_readConfig({ config: 'wrangler.toml' }, { hideWarnings: true });

describe('wrangler.toml', () => {
  it('names no database and no namespace of any account, so that a clone deploys as it is', () => {
    const { d1_databases, kv_namespaces } = read();
    expect(d1_databases).toEqual([
      { binding: 'DB', database_name: 'hono-accounts', migrations_dir: 'migrations' },
    ]);
    expect(kv_namespaces).toEqual([{ binding: 'BLACKLIST' }]);
  });
});
