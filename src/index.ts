/** The public API for hosts. A Worker that only guards its routes can import `hono-accounts/guard` instead. */
export type { Overrides } from './app.ts';
export {
  createAccounts,
  createAdmin,
  createApp,
  createDevMail,
  createDiscovery,
  createHealth,
} from './app.ts';
export type { AccountEvent, EventType } from './events.ts';
export {
  type Account,
  type AccountVariables,
  allowAny,
  defaultPermissions,
  type GuardOptions,
  isAdminUser,
  isAuthenticated,
  type JwksSource,
  type OptionalAccountVariables,
  requireAccount,
} from './guard/index.ts';
export type { ClaimsCall, ClaimsUser, Hooks, HostCall, HostMail, HostOptions } from './host-options.ts';
export { sweep } from './sweep.ts';
