import { existsSync, globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REFUSAL_REASONS } from '../../src/refusal-reasons.ts';

const text = readFileSync('docs/SECURITY.md', 'utf8');
const asvs = readFileSync('docs/asvs.md', 'utf8');

/** ASVS 5.0.0, the requirements of levels 1 and 2: chapter and section → last numbers. */
const REQUIREMENTS: Record<string, readonly number[]> = {
  '4.1': [1, 2, 3],
  '4.2': [1],
  '4.3': [1, 2],
  '4.4': [1, 2, 3, 4],
  '6.1': [1, 2, 3],
  '6.2': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  '6.3': [1, 2, 3, 4],
  '6.4': [1, 2, 3, 4],
  '6.5': [1, 2, 3, 4, 5],
  '6.6': [1, 2, 3],
  '6.8': [1, 2, 3, 4],
  '7.1': [1, 2, 3],
  '7.2': [1, 2, 3, 4],
  '7.3': [1, 2],
  '7.4': [1, 2, 3, 4, 5],
  '7.5': [1, 2],
  '7.6': [1, 2],
  '9.1': [1, 2, 3],
  '9.2': [1, 2, 3, 4],
  '16.1': [1],
  '16.2': [1, 2, 3, 4, 5],
  '16.3': [1, 2, 3, 4],
  '16.4': [1, 2, 3],
  '16.5': [1, 2, 3],
};

const rows = [...asvs.matchAll(/^\| (\d+\.\d+\.\d+) +\| (.+) \|$/gm)].map(([, id = '', cells = '']) => {
  const [, here = '', why = ''] = cells.split(' | ').map((cell) => cell.trim());
  return { id, here, why };
});

const named = [...(text + asvs).matchAll(/`([\w.-]+(?:\/[\w.-]+)*\.(?:tsx?|js|md|sql|toml))`/g)].map(
  ([, path]) => path,
);
const linked = [...(text + asvs).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = '']) =>
  posix.join('docs', path),
);

/** What the source writes into the log by name. The codes of refusals come from errors.ts. */
const events = globSync('src/**/*.{ts,tsx}').flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/\(\s*'(?:info|warn|error)',\s*'(\w+)'/g)].map(
    ([, event]) => event,
  ),
);

describe('docs/SECURITY.md and docs/asvs.md', () => {
  it('explains every reason of a refusal', () => {
    const [, table = ''] = /### Why something was refused\n([\s\S]*?)\n\n[^|\n]*\n\n##/.exec(text) ?? [];
    const listed = [...table.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(listed.slice(1)).toEqual(Object.entries(REFUSAL_REASONS));
  });

  it('names and links files', () => {
    expect(named.length).toBeGreaterThan(50);
    expect(linked.length).toBeGreaterThan(2);
  });

  it.each([...new Set([...named, ...linked])])('%s exists', (path) => {
    expect(existsSync(path as string)).toBe(true);
  });

  it('links the table of ASVS at the top', () => {
    expect(text.slice(0, 1_000)).toContain('](asvs.md)');
  });

  it('has the counts of the ASVS table at the top', () => {
    const counted = [...text.matchAll(/^\| V(\d+) .*?((?: \| \d+){5}) \|/gm)].map(
      ([, chapter, counts = '']) => [chapter, ...counts.split(' | ').slice(1).map(Number)],
    );
    const chapters = [...new Set(rows.map(({ id }) => id.split('.')[0]))];
    const wanted = chapters.map((chapter) => [
      chapter,
      ...['yes', 'partly', 'no', 'platform', 'n/a'].map(
        (word) => rows.filter(({ id, here }) => id.startsWith(`${chapter}.`) && here === word).length,
      ),
    ]);
    expect(counted).toEqual(wanted);
  });

  it('has every requirement of the five chapters once, in order', () => {
    const wanted = Object.entries(REQUIREMENTS).flatMap(([section, numbers]) =>
      numbers.map((number) => `${section}.${number}`),
    );
    expect(rows.map(({ id }) => id)).toEqual(wanted);
  });

  it.each(rows)('$id has a verdict ($here) and a reason', ({ here, why }) => {
    expect(['yes', 'partly', 'no', 'platform', 'n/a']).toContain(here);
    expect(why.length).toBeGreaterThan(2);
  });

  it.each(rows.filter(({ here }) => here === 'yes'))('$id is met: it names the evidence', ({ why }) => {
    expect(why).toMatch(/`[\w./-]+\.\w+`|\]\(SECURITY\.md#/);
  });

  it('names only events that exist in the source', () => {
    expect(events.length).toBeGreaterThan(20);
  });

  it.each([...new Set(events)])('has the event %s in its inventory of the log', (event) => {
    expect(text).toContain(`\`${event}\``);
  });
});
