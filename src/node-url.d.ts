/** The one thing that is used of nodejs_compat; @types/node would define the Workers' globals anew. */
declare module 'node:url' {
  /** UTS 46: `xn--bcher-kva.example` → `bücher.example`; '' where it is not a domain. */
  export function domainToUnicode(domain: string): string;
}
