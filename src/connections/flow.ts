/**
 * The state of a sign-in while the browser is at the provider: a sealed cookie, valid for ten minutes. Nothing is stored
 * on the server for sign-ins that are not completed. Pure except for Web Crypto; `now` is a parameter.
 */
import { sha256, utf8 } from '../encoding.ts';
import { type SecretBox, secretBox } from '../secret-box.ts';
import { FLOW_SECONDS } from './limits.ts';
import type { Flow } from './ports.ts';

/** There are four cookie names, so that tabs can sign in side by side without cookies piling up. */
export const SLOTS = [0, 1, 2, 3] as const;
/** The `state` says which cookie is its own. */
export const slotOf = (state: string): number => state.charCodeAt(0) % SLOTS.length;

/** A `state` whose cookie is none of those that `taken` names, if there is one. */
export function newState(makeSecret: () => string, taken: ReadonlySet<number>): string {
  const state = makeSecret();
  return taken.size < SLOTS.length && taken.has(slotOf(state)) ? newState(makeSecret, taken) : state;
}

/** `signingKey`: the text of SIGNING_KEY. Replacing it ends pending sign-ins. */
export async function flowBox(signingKey: string): Promise<SecretBox> {
  const key = await sha256(`hono-accounts sign-in with a provider\n${signingKey}`);
  return secretBox([key as Uint8Array<ArrayBuffer>]);
}

/** Bound to the provider, against mix-up attacks (RFC 9700 section 4.4). */
export const sealFlow = (box: SecretBox, flow: Flow): Promise<string> =>
  box.seal(flow.provider, utf8(JSON.stringify(flow)));

/** A name that arrived in a form, for the URL that the browser is redirected to: no personal data in URLs. */
export const sealName = (box: SecretBox, name: string, state: string | null): Promise<string> =>
  box.seal(`name ${state}`, utf8(name));

export async function openName(box: SecretBox, sealed: string, state: string): Promise<string | null> {
  const bytes = await box.open(`name ${state}`, sealed);
  return bytes && new TextDecoder().decode(bytes);
}

/** Null if it is another provider's, another browser's, expired or not ours. */
export async function openFlow(
  box: SecretBox,
  sealed: string,
  { provider, state }: { provider: string; state: string },
  now: number,
): Promise<Flow | null> {
  const bytes = await box.open(provider, sealed);
  if (bytes === null) return null;
  const flow = JSON.parse(new TextDecoder().decode(bytes)) as Flow;
  const isNow = now - flow.startedAt < FLOW_SECONDS;
  return isNow && flow.provider === provider && flow.state === state ? flow : null;
}
