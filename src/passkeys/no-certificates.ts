/**
 * Replaces the ASN.1 and certificate packages of the WebAuthn library in the bundle (`[alias]` in wrangler.toml). They
 * verify attestation certificates, which are neither requested nor accepted here. Also its module of vendors' metadata,
 * which has their root certificates. This saves 71 of 87 KiB. Only the DER
 * encoding of ECDSA signatures is still needed. docs/adr/0017-webauthn.md
 */

/** RFC 3279 section 2.2.3. For `AsnParser.parse`. */
export class ECDSASigValue {
  r = new ArrayBuffer(0);
  s = new ArrayBuffer(0);
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** One-byte lengths are enough: a P-256 signature has at most 70 bytes. */
const SHORT_FORM_MAX = 0x7f;

/** The contents of the value at `at`, and the index after it. */
function read(bytes: Uint8Array, at: number, tag: number): { contents: Uint8Array; end: number } {
  const length = bytes[at + 1] ?? SHORT_FORM_MAX + 1;
  const end = at + 2 + length;
  if (bytes[at] !== tag || length > SHORT_FORM_MAX || end > bytes.length) throw new TypeError('not DER');
  return { contents: bytes.slice(at + 2, end), end };
}

/** The bytes of a positive INTEGER in its shortest form, which has a leading zero only before a set high bit. */
function integer(bytes: Uint8Array, at: number): { contents: Uint8Array; end: number } {
  const value = read(bytes, at, INTEGER);
  const [first = 0x80, second = 0] = value.contents;
  const isPadded = first === 0 && value.contents.length > 1 && second < 0x80;
  if (first >= 0x80 || isPadded) throw new TypeError('not DER');
  return value;
}

export const AsnParser = {
  parse: (bytes: Uint8Array, type: unknown): ECDSASigValue => {
    if (type !== ECDSASigValue) throw new TypeError('certificates are not supported');
    const { contents, end } = read(bytes, 0, SEQUENCE);
    const r = integer(contents, 0);
    const s = integer(contents, r.end);
    if (end !== bytes.length || s.end !== contents.length) throw new TypeError('not DER');
    const value = new ECDSASigValue();
    value.r = r.contents.buffer as ArrayBuffer;
    value.s = s.contents.buffer as ArrayBuffer;
    return value;
  },
};

const absent = undefined;

export {
  absent as AuthorityKeyIdentifierExtension,
  absent as BasicConstraints,
  absent as Certificate,
  absent as CRLDistributionPointsExtension,
  absent as ECParameters,
  absent as ExtendedKeyUsage,
  absent as id_ce_basicConstraints,
  absent as id_ce_extKeyUsage,
  absent as id_ce_keyDescription,
  absent as id_ce_subjectAltName,
  absent as id_ecdsaWithSHA256,
  absent as id_ecdsaWithSHA384,
  absent as id_ecdsaWithSHA512,
  absent as id_ecPublicKey,
  absent as id_ml_dsa_44,
  absent as id_ml_dsa_65,
  absent as id_ml_dsa_87,
  absent as id_rsaEncryption,
  absent as id_secp256r1,
  absent as id_secp384r1,
  absent as id_sha1WithRSAEncryption,
  absent as id_sha256WithRSAEncryption,
  absent as id_sha384WithRSAEncryption,
  absent as id_sha512WithRSAEncryption,
  absent as KeyDescription,
  absent as OctetString,
  absent as RSAPublicKey,
  absent as SubjectAlternativeName,
  absent as SubjectKeyIdentifierExtension,
  absent as X509Certificate,
  absent as X509ChainBuilder,
  absent as X509Crl,
};
