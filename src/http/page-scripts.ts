/**
 * What the scripts of the account pages import (scripts/build-pages.ts), as seen from `static/`. The pages announce it, so
 * that browsers load it at once.
 */
const SHARED = ['pages-shared.js', '../client.js'];
const WITH_PASSKEYS = [...SHARED, '../client/passkeys.js'];

export const SCRIPT_IMPORTS = {
  'pages.js': WITH_PASSKEYS,
  'settings.js': WITH_PASSKEYS,
  'mail-link.js': SHARED,
  'email-sign-in.js': SHARED,
};
export type PageScript = keyof typeof SCRIPT_IMPORTS;
