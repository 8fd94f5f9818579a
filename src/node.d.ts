/** The parts of nodejs_compat that are used. @types/node would redefine the globals of Workers. */
declare module 'node:url' {
  /** UTS 46: `xn--bcher-kva.example` → `bücher.example`; '' if it is not a domain. */
  export function domainToUnicode(domain: string): string;
}

declare module 'node:crypto' {
  /** RFC 7914. */
  export function scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    lengthBytes: number,
    options: { N: number; r: number; p: number; maxmem: number },
    callback: (error: Error | null, key: Uint8Array) => void,
  ): void;
}
