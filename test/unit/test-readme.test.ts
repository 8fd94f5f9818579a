import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync('test/README.md', 'utf8');
const named = new Set(
  page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
);
const files = ['unit', 'workers'].flatMap((folder) =>
  readdirSync(`test/${folder}`)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.replace('.test.ts', '')),
);

describe('test/README.md', () => {
  it('names every test file', () => {
    expect(files.filter((file) => !named.has(file))).toEqual([]);
  });

  it('names no file that does not exist', () => {
    expect([...named].filter((name) => !files.includes(name as string))).toEqual([]);
  });
});

describe('stryker.config.mjs', () => {
  it('names files that exist', async () => {
    // Without types, and none are needed.
    const path: string = '../../stryker.config.mjs';
    const { default: config } = (await import(path)) as {
      default: { ignorePatterns: string[] };
    };
    const wanted = config.ignorePatterns
      .filter((pattern) => pattern.startsWith('!'))
      .map((pattern) => pattern.slice(1));
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((file) => !existsSync(file))).toEqual([]);
  });
});
