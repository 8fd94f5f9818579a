/** Spellings of one name, and what may happen between the read and the write. */
import { env } from 'cloudflare:workers';
import { watchedD1 } from './watched-d1.ts';
import { type Vars, type World, world } from './world.ts';

let nonces = 0;
/** Lower-case letters that no other test has. */
export const nonce = () => {
  nonces += 1;
  return `n${nonces}x${crypto.randomUUID().replaceAll('-', '').slice(0, 8)}`;
};
export const wide = (text: string) =>
  text.replace(/[a-z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0));
export const punycode = (domain: string) => new URL(`http://${domain}`).hostname;

/** One address, and every way to write it. */
export function spellings(n = nonce()) {
  const local = `josé-${n}`;
  const domain = `bücher-${n}.example`;
  return {
    canonical: `${local}@${domain}`,
    all: {
      'as it is kept': `${local}@${domain}`,
      'in capitals': `${local}@${domain}`.toUpperCase(),
      'with a capital': `J${local.slice(1)}@B${domain.slice(1)}`,
      'with white space around': `  ${local}@${domain}\t`,
      'with line ends around': `\r\n${local}@${domain}\n`,
      'with the domain in punycode': `${local}@${punycode(domain)}`,
      'with the domain in punycode and capitals': `${local}@${punycode(domain).toUpperCase()}`,
      decomposed: `${local}@${domain}`.normalize('NFD'),
      'decomposed and in capitals': `${local}@${domain}`.normalize('NFD').toUpperCase(),
      'with a domain of full-width letters': `${local}@${wide(domain)}`,
      'with an ideographic full stop': `${local}@${domain.replace('.', '。')}`,
    },
  };
}

/** A username and ways to write it. */
export function nameSpellings(n = nonce()) {
  return {
    canonical: `fiona.é${n}`,
    all: {
      'as it is kept': `fiona.é${n}`,
      'in capitals': `fiona.é${n}`.toUpperCase(),
      decomposed: `fiona.é${n}`.normalize('NFD'),
      'in full-width letters': `${wide('fiona')}.é${n}`,
      'with a ligature': `ﬁona.é${n}`,
      'with white space around': ` fiona.é${n}\n`,
    },
  };
}

export const userRow = async (w: World, id: string) =>
  (await w.rows<Record<string, string | number | null>>('SELECT * FROM users WHERE id = ?', id))[0];
export const sessionsOf = (w: World, id: string) =>
  w.rows<{ id: string; revoked_at: number | null }>('SELECT * FROM sessions WHERE user_id = ?', id);

/** A world in which something happens to a user right after its first round trip to D1. */
export const meanwhile = (userId: string, statements: readonly string[], vars: Vars = {}) =>
  world({
    vars,
    bindings: {
      DB: watchedD1({
        after: ({ number }) =>
          number === 1 && env.DB.batch(statements.map((sql) => env.DB.prepare(sql).bind(userId))),
      }).DB,
    },
  });
const END_SESSIONS = 'UPDATE sessions SET revoked_at = 1 WHERE user_id = ?';
export const DEACTIVATE = ['UPDATE users SET is_active = 0 WHERE id = ?', END_SESSIONS];
export const CHANGE_PASSWORD = [
  "UPDATE users SET password_version = password_version + 1, password_hash = 'new' WHERE id = ?",
];

/** The body's fields as given; `undefined` leaves one out. */
export type Body = Record<string, unknown>;

export const NOT_TEXT: [string, unknown, string][] = [
  ['a number', 5, 'invalid'],
  ['zero', 0, 'invalid'],
  ['true', true, 'invalid'],
  ['false', false, 'invalid'],
  ['a list', [], 'invalid'],
  ['a list of text', ['x'], 'invalid'],
  ['an object', {}, 'invalid'],
];
export const REQUIRED: [string, unknown, string][] = [
  ['left out', undefined, 'required'],
  ['null', null, 'null'],
  ['blank', '', 'blank'],
  ...NOT_TEXT,
];
export const NOT_PLAIN: [string, unknown, string][] = [
  ['with a NUL', 'mi\u0000na', 'invalid'],
  ['with a BEL', 'mi\u0007na', 'invalid'],
  ['with a line end inside', 'mi\nna', 'invalid'],
  ['with a tab inside', 'mi\tna', 'invalid'],
  ['with a DEL', 'mi\u007fna', 'invalid'],
  ['with a C1 control', 'mi\u0085na', 'invalid'],
  ['with a lone high surrogate', 'mi\ud800na', 'invalid'],
  ['with a lone low surrogate', 'mi\udc00na', 'invalid'],
];
export const NAMES: [string, unknown, string][] = [
  ...NOT_TEXT,
  ...NOT_PLAIN,
  ['of 151 characters', 'a'.repeat(151), 'max_length'],
  ['of 151 emoji', '🦊'.repeat(151), 'max_length'],
];
export const USERNAMES: [string, unknown, string][] = [
  ...NOT_TEXT,
  ...NOT_PLAIN,
  ['of 151 characters', 'a'.repeat(151), 'max_length'],
  ['of 151 letters beyond the first plane', '𐐨'.repeat(151), 'max_length'],
  ['of 150 ligatures, 450 letters in NFKC', 'ﬃ'.repeat(150), 'max_length'],
  ['with white space inside', 'mi na', 'invalid'],
  ['with an exclamation mark', 'mina!', 'invalid'],
  ['with a slash', 'mi/na', 'invalid'],
  ['with a colon', 'mi:na', 'invalid'],
  ['with an angle bracket', '<b>mina', 'invalid'],
  ['with an emoji', 'mina🦊', 'invalid'],
  ['with a zero-width joiner', 'mi\u200dna', 'invalid'],
  ['that is another’s address', 'somebody-else@example.com', 'invalid'],
  ['with @ that is no address', 'mi@na', 'invalid'],
  ['with a full-width @', 'mi＠na', 'invalid'],
  ['of marks that stand on nothing', '\u0301\u0301', 'invalid'],
  ['of numbers that are no digits', '\u{10107}mina', 'invalid'],
];
