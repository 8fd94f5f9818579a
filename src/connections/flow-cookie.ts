/** The cookie of a pending sign-in: bound to this host, hidden from scripts. Its content: flow.ts. */
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ConnectionsContext } from './env.ts';
import { SLOTS, slotOf } from './flow.ts';
import { FLOW_SECONDS } from './limits.ts';

const nameOf = (slot: number) => `accounts_flow_${slot}`;
/** Lax, as the request that returns comes from the provider's site. */
const ATTRIBUTES = { prefix: 'host', path: '/', httpOnly: true, secure: true, sameSite: 'Lax' } as const;

export const writeFlow = (c: ConnectionsContext, state: string, sealed: string): void =>
  setCookie(c, nameOf(slotOf(state)), sealed, { ...ATTRIBUTES, maxAge: FLOW_SECONDS });
export const readFlow = (c: ConnectionsContext, state: string): string | null =>
  getCookie(c, nameOf(slotOf(state)), 'host') ?? null;
export const clearFlow = (c: ConnectionsContext, state: string): void => {
  deleteCookie(c, nameOf(slotOf(state)), ATTRIBUTES);
};
/** Those of sign-ins that this browser has begun. */
export const takenSlots = (c: ConnectionsContext): Set<number> =>
  new Set(SLOTS.filter((slot) => getCookie(c, nameOf(slot), 'host') !== undefined));
