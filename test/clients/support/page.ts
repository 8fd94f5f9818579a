/** The code of docs/clients.md as files next to the libraries that it imports. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

const page = read('docs/clients.md');
/** Both languages of the README, whose table is a short form of the page. */
export const READMES = ['README.md', 'README.ko.md'].map(read);

/** Each block begins with a comment that names its file. */
export const BLOCKS: ReadonlyMap<string, string> = new Map(
  [...page.matchAll(/^```(?:js|ts|python)\n(?:\/\/|#) ([\w.-]+)\n([\s\S]*?)^```/gm)].map(
    ([, name = '', text = '']) => [name, text],
  ),
);
export const blockCount = page.match(/^```\w+$/gm)?.length ?? 0;

/** A new folder below test/clients/generated, with these blocks in it. */
export function folderOf(name: string, blocks: readonly string[]): string {
  const folder = fileURLToPath(new URL(`../generated/${name}/`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const block of blocks) {
    const text = BLOCKS.get(block);
    if (text === undefined) throw new Error(`docs/clients.md has no ${block}`);
    writeFileSync(folder + block, text);
  }
  return folder;
}

/** The first column of the table below a heading. */
export function rowsBelow(heading: string): string[] {
  const section = page.slice(page.indexOf(`\n${heading}\n`)).split(/\n#{2,3} /)[1] ?? '';
  const rows = [...section.matchAll(/^\| ([^|]+?) \|/gm)].map(([, cell = '']) => cell);
  return rows.slice(1);
}
