import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingsTable } from '../../scripts/settings-table.ts';

const readme = readFileSync('README.md', 'utf8');

describe('README.md', () => {
  it('has every setting as the source has it', () => {
    expect(readme).toContain(settingsTable());
  });

  it('has the two commands', () => {
    expect(readme).toContain('npm ci && npm run dev');
    expect(readme).toContain('npm ci && npm test');
  });

  it.each([...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] as string))(
    'leads to %s, which is there',
    (path) => {
      expect(() => readFileSync(path)).not.toThrow(/ENOENT/);
    },
  );
});
