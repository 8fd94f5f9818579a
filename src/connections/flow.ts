/**
 * What a browser keeps between its way to a provider and back: sealed, so that nobody reads or changes it, and worth ten
 * minutes. Nothing is written for a sign-in that nobody finishes. Pure but for Web Crypto; `now` is handed in.
 */
import { sha256, utf8 } from '../encoding.ts';
import { type SecretBox, secretBox } from '../secret-box.ts';
import { FLOW_SECONDS } from './limits.ts';
import type { Flow } from './ports.ts';

/** The name of the cookie: one of four, so that sign-ins in two tabs live side by side and no more pile up. */
export const slotOf = (state: string): number => state.charCodeAt(0) % 4;

/** `signingKey`: SIGNING_KEY as it was set. Its replacement ends the sign-ins that are under way. */
export async function flowBox(signingKey: string): Promise<SecretBox> {
  const key = await sha256(`hono-accounts sign-in with a provider\n${signingKey}`);
  return secretBox([key as Uint8Array<ArrayBuffer>]);
}

/** Bound to the provider that it is for (mix-up, RFC 9700 section 4.4). */
export const sealFlow = (box: SecretBox, flow: Flow): Promise<string> =>
  box.seal(flow.provider, utf8(JSON.stringify(flow)));

/** Null: it is another provider's, another browser's, too old, or nothing of ours. */
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
