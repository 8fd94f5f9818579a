/** The cookie of a pending sign-in: bound to this host, hidden from scripts. Its content: flow.ts. */
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ConnectionsContext } from './env.ts';
import { slotOf } from './flow.ts';
import { FLOW_SECONDS } from './limits.ts';

const nameOf = (state: string) => `accounts_flow_${slotOf(state)}`;
/** Lax, as the request that returns comes from the provider's site. */
const ATTRIBUTES = { prefix: 'host', path: '/', httpOnly: true, secure: true, sameSite: 'Lax' } as const;

export const writeFlow = (c: ConnectionsContext, state: string, sealed: string): void =>
  setCookie(c, nameOf(state), sealed, { ...ATTRIBUTES, maxAge: FLOW_SECONDS });
export const readFlow = (c: ConnectionsContext, state: string): string | null =>
  getCookie(c, nameOf(state), 'host') ?? null;
export const clearFlow = (c: ConnectionsContext, state: string): void => {
  deleteCookie(c, nameOf(state), ATTRIBUTES);
};
