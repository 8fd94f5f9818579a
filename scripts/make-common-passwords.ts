/**
 * Generates src/password/common-passwords.generated.ts. Run by hand, only to change the list:
 *
 *     npm pack @zxcvbn-ts/language-common@4.1.3 && tar xf zxcvbn-ts-language-common-4.1.3.tgz
 *     node scripts/make-common-passwords.ts package/src/passwords.json
 *
 * The source is a JSON array, most frequent first. It keeps the first 7,000 entries of at least 8 characters that are
 * not all digits, and the first 200 that are: src/password/policy.ts refuses every number by rule, so these only add the
 * second reason. All are lower-cased, unique, sorted and front-coded: each entry is the number of characters it shares
 * with the previous one, as one capital letter (A: none), and its remaining characters, none of which is a capital.
 * src/password/common.ts decodes them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const WORDS = 7_000;
const NUMBERS = 200;
const COUNT = WORDS + NUMBERS;
const MIN_LENGTH = 8;
const SOURCE = '@zxcvbn-ts/language-common 4.1.3, src/passwords.json';
const TARGET = path.join(import.meta.dirname, '../src/password/common-passwords.generated.ts');

const [file] = process.argv.slice(2);
if (!file) {
  console.error('Usage: node scripts/make-common-passwords.ts <path of passwords.json>');
  process.exit(2);
}

const ranked: string[] = JSON.parse(readFileSync(file, 'utf8'));
const licence = readFileSync(path.join(path.dirname(file), '../LICENSE.txt'), 'utf8');

const long = ranked.map((password) => password.toLowerCase()).filter(({ length }) => length >= MIN_LENGTH);
const isNumber = (password: string) => /^\d+$/.test(password);
const words = new Set(long.filter((password) => !isNumber(password)));
const numbers = new Set(long.filter(isNumber));
const list = [...[...words].slice(0, WORDS), ...[...numbers].slice(0, NUMBERS)].sort();
if (list.length < COUNT) throw new Error(`found only ${list.length} of ${COUNT} passwords`);
if (list.some((password) => !/^[!-~]+$/.test(password))) throw new Error('a password is not printable ASCII');

const shared = (a: string, b: string): number => {
  let count = 0;
  while (count < 25 && count < a.length && a[count] === b[count]) count += 1;
  return count;
};
const coded = list.map((password, index) => {
  const count = shared(list[index - 1] ?? '', password);
  return String.fromCharCode(65 + count) + password.slice(count);
});

const comment = licence
  .trim()
  .split(/\r?\n/)
  .map((line) => ` * ${line}`.trimEnd())
  .join('\n');
writeFileSync(
  TARGET,
  `/**
 * Made by scripts/make-common-passwords.ts; not to be edited.
 *
 * ${COUNT} common passwords, sorted and front-coded, out of ${SOURCE}:
 *
${comment}
 */
export const COMMON_PASSWORDS =
  '${coded.join('').replace(/[\\']/g, '\\$&')}';
`,
);
console.log(`${list.length} passwords written to ${path.relative(process.cwd(), TARGET)}`);
