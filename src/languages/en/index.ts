/** English. */

export { accountPages } from './account-pages.ts';
export { libraryFaults, restAuthWords } from './compat.ts';
export { consoleWords } from './console.ts';
export { devPages } from './dev.ts';
export { attributeNames, drfRefusals, fieldFaults, refusals } from './errors.ts';
export { mailParts, mails } from './mails.ts';
export { emailSignInPage, mailLinkPages, mailLinkParts } from './pages.ts';
export { passkeyNames } from './passkeys.ts';
