/** What a host imports. */
export type { Parts } from './app.ts';
export { createAccounts, createApp } from './app.ts';
