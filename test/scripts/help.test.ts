/** `--help` of every command. */
import { describe, expect, it } from 'vitest';
import { run } from './support/run.ts';

describe('--help', () => {
  it.each(['createsuperuser', 'deploy', 'example', 'export-users', 'import-users', 'keys', 'migrate'])(
    'of %s prints the usage and does nothing else',
    async (command) => {
      const { code, stdout, stderr } = await run(command, ['--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`Usage: npm run ${command} -- `);
    },
  );
});
