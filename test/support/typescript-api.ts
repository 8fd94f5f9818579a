/**
 * The classic compiler API, which openapi-typescript builds on and which `typescript` 7 no longer has: imported as
 * `typescript` by it alone. @ts-morph/common carries one, and no `tsc` that would stand in the way of the other.
 */
import { registerHooks } from 'node:module';

const api = `import { ts } from '@ts-morph/common'; export default ts;`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'typescript' && context.parentURL?.includes('/openapi-typescript/')
      ? { url: new URL('./typescript-api.shim.mjs', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url.endsWith('/typescript-api.shim.mjs')
      ? { format: 'module', source: api, shortCircuit: true }
      : next(url, context),
});
