/** The commands of the README and docs/ that need a Cloudflare account, or an answer from somebody: they are spelled right. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const PAGES = [
  'README.md',
  'README.ko.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
/** In blocks and in running text. */
const commandsOf = (page: string, start: string): string[] => {
  const text = readFileSync(page, 'utf8');
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline].flatMap((line) =>
    line
      .split(/\s*(?:\||&&|\s#\s|\d?>)\s*/)
      .map((command) => command.trim())
      .filter((command) => command.startsWith(start)),
  );
};
const allOf = (start: string) => [...new Set(PAGES.flatMap((page) => commandsOf(page, start)))];
const optionsOf = (command: string) => command.match(/(?<=\s)--?[a-z][\w-]*/g) ?? [];

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

describe('npm run', () => {
  it.each(allOf('npm run '))('%s is a script of package.json', (command) => {
    expect(Object.keys(scripts)).toContain(command.split(/\s+/)[2]);
  });
});

describe('wrangler', () => {
  /** `d1 migrations apply` of `npx wrangler d1 migrations apply DB --remote`: the words that its help knows. */
  const help = new Map<string, string>();
  const helpOf = (words: readonly string[]): string => {
    const key = words.join(' ');
    if (!help.has(key)) {
      const { stdout } = spawnSync(
        process.execPath,
        ['node_modules/wrangler/bin/wrangler.js', ...words, '--help'],
        { encoding: 'utf8' },
      );
      help.set(key, stdout);
    }
    return help.get(key) ?? '';
  };

  it.each(allOf('npx wrangler '))('%s is a command with these options', (command) => {
    const [, , ...rest] = command.split(/\s+/);
    const words = rest.slice(0, rest.findIndex((word) => !/^[a-z][a-z0-9-]*$/.test(word)) >>> 0);
    // `secret put NAME`, `d1 create hono-accounts`: the last word may be a name.
    const known = [words, words.slice(0, -1)].find(
      (some) => some.length > 0 && helpOf(some).startsWith(`wrangler ${some.join(' ')}`),
    );
    expect(known, command).toBeDefined();
    for (const option of optionsOf(command)) expect(helpOf(known ?? [])).toContain(option);
  });
});

describe('npx hono-accounts', () => {
  const bin = readFileSync('scripts/cli.ts', 'utf8');
  it.each(allOf('npx hono-accounts '))('%s is a command of the package', (command) => {
    expect(bin).toContain(command.split(/\s+/)[2]);
  });
});
