/** What is used of nodejs_compat, and no more; @types/node would define the Workers' globals anew. */
declare module 'node:url' {
  /** UTS 46: `xn--bcher-kva.example` → `bücher.example`; '' where it is not a domain. */
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
