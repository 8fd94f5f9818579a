/**
 * scrypt with salt and hash in hexadecimal, and 64 bytes of hash:
 *
 *     <salt>:<hash>     better-auth (N=16384, r=16, p=1, the password in NFKC), and Node's scrypt as in most
 *                       tutorials (defaults N=16384, r=8, p=1, the password as typed)
 *     <hash>.<salt>     Node's scrypt in reverse order
 *
 * The salt is the hexadecimal text itself, not the bytes it encodes. better-auth's and Node's `:` look the same, so both
 * are tried. For Node hashes with other parameters use PHC strings (phc.ts).
 */

import { fromHex, utf8 } from '../../encoding.ts';
import { equalBytes } from '../pbkdf2.ts';
import { normalizePassword } from '../policy.ts';
import { scryptWork } from '../work.ts';
import type { ForeignHash, Format } from './format.ts';

const BETTER_AUTH = { N: 16_384, r: 16, p: 1 };
const NODE = { N: 16_384, r: 8, p: 1 };

const PATTERN = /^(?:([0-9a-f]{16,128}):([0-9a-f]{128})|([0-9a-f]{128})\.([0-9a-f]{16,128}))$/;

export const hexScrypt: Format = (encoded) => {
  const [, first, second, hashOfNode, saltOfNode] = PATTERN.exec(encoded) ?? [];
  const salt = first ?? saltOfNode;
  const hex = second ?? hashOfNode;
  if (salt === undefined || hex === undefined) return null;
  const hash = fromHex(hex);
  const either = first !== undefined;
  const check: ForeignHash['check'] = async (password, { scrypt }) => {
    const is = async (form: string, cost: typeof NODE) =>
      equalBytes(await scrypt(utf8(form), utf8(salt), cost, hash.length), hash);
    if (either && (await is(normalizePassword(password), BETTER_AUTH))) return true;
    return is(password, NODE);
  };
  const work = scryptWork(NODE) + (either ? scryptWork(BETTER_AUTH) : 0);
  return { kind: 'hex_scrypt', problem: null, work, check };
};
