/** What stands in for the ASN.1 packages in the bundle reads signatures as they do, and nothing else. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ours from '../../src/passkeys/no-certificates.ts';

const inLibrary = createRequire(createRequire(import.meta.url).resolve('@simplewebauthn/server'));
// biome-ignore lint/suspicious/noExplicitAny: the packages are the library's, not ours
const theirs = { ...inLibrary('@peculiar/asn1-schema'), ...inLibrary('@peculiar/asn1-ecc') } as any;

type Module = {
  AsnParser: { parse: (bytes: Uint8Array, type: unknown) => { r: ArrayBuffer; s: ArrayBuffer } };
};
const parse = (module: Module & { ECDSASigValue: unknown }, bytes: readonly number[]) => {
  const { r, s } = module.AsnParser.parse(Uint8Array.from(bytes), module.ECDSASigValue);
  return { r: [...new Uint8Array(r)], s: [...new Uint8Array(s)] };
};

const der = (bytes: readonly number[]): number[] => {
  const from = bytes.findIndex((byte) => byte !== 0);
  const digits = from === -1 ? [0] : bytes.slice(from);
  const signed = (digits[0] as number) >= 0x80 ? [0, ...digits] : digits;
  return [0x02, signed.length, ...signed];
};
const sequence = (...contents: number[]) => [0x30, contents.length, ...contents];
const component = fc.array(fc.nat(255), { minLength: 1, maxLength: 32 });

it('reads every signature as the package does', () => {
  fc.assert(
    fc.property(component, component, (r, s) => {
      const bytes = sequence(...der(r), ...der(s));
      expect(parse(ours, bytes)).toEqual(parse(theirs, bytes));
    }),
  );
});

it('reads nothing that the package does not read', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(255), { maxLength: 12 }), (bytes) => {
      let read: unknown;
      try {
        read = parse(ours, bytes);
      } catch {
        return;
      }
      expect(read).toEqual(parse(theirs, bytes));
    }),
  );
});

const R = [0x02, 1, 5];
const S = [0x02, 1, 6];
describe('refuses', () => {
  it.each<[string, number[]]>([
    ['nothing', []],
    ['a tag alone', [0x30]],
    ['another tag', [0x31, 6, ...R, ...S]],
    ['a length past the end', [0x30, 7, ...R, ...S]],
    ['bytes after the end', [...sequence(...R, ...S), 0]],
    ['bytes after s', sequence(...R, ...S, 0)],
    ['a third integer', sequence(...R, ...S, ...R)],
    ['no s', sequence(...R)],
    ['an empty integer', sequence(0x02, 0, ...S)],
    ['a negative integer', sequence(0x02, 1, 0x80, ...S)],
    ['a padded integer', sequence(0x02, 2, 0, 5, ...S)],
    ['a long form of a length', [0x30, 0x81, 6, ...R, ...S]],
    ['an indefinite length', [0x30, 0x80, ...R, ...S, 0, 0]],
    ['another type in place of r', sequence(0x03, 1, 5, ...S)],
  ])('%s', (_, bytes) => {
    expect(() => parse(ours, bytes)).toThrow('not DER');
  });

  it('anything that is not a signature', () => {
    expect(() => ours.AsnParser.parse(Uint8Array.from(sequence(...R, ...S)), undefined)).toThrow(
      'certificates are not supported',
    );
  });
});
