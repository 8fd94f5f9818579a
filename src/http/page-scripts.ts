/**
 * What every script of the account pages imports (scripts/build-pages.ts), as seen from `static/`. The pages announce
 * it, so that browsers load it at once.
 */
export const SCRIPT_IMPORTS = ['pages-shared.js', '../client.js', '../client/passkeys.js'];
