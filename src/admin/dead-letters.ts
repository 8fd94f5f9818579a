/** Dead letters in the console: events that could not be delivered for a day. No Hono, Drizzle or bindings. */
import type { Caller } from '../account/application/session.ts';
import { Refusal } from '../errors.ts';
import type { Call } from '../ports.ts';
import { type AdminServices, auditEntry, requireDone, tell } from './acting.ts';

const SEQ = /^\d{1,15}$/;

/** 403 permission_denied; 404 not_found, also if events are off. */
export async function retryDeadLetter(
  services: AdminServices,
  caller: Caller,
  { userId, seq }: { userId: string; seq: string },
  call: Call,
): Promise<void> {
  const { deadLetters } = services.admin;
  if (!deadLetters.canRetry || !SEQ.test(seq)) throw new Refusal('not_found');
  const entry = auditEntry(services, caller, 'user.event_retried');
  requireDone(await deadLetters.retry(entry, { userId, seq: Number(seq) }, services.random.uuid4()));
  await tell(services, call, entry, userId);
}
