/**
 * The inbox of development: mail is kept in KV for an hour and shown at /dev/mail. Settings refuse it
 * elsewhere. Weakness of the store: keys are listed in their own order, so they begin with the time that is
 * left until the end of time, and the newest comes first.
 */
import type { Clock, Mail, Mailer } from '../ports.ts';

const PREFIX = 'mail:';
const TTL_SECONDS = 3_600;
const END_OF_TIME_MS = 9_999_999_999_999;
const LISTED_AT_MOST = 200;

export interface InboxMail extends Mail {
  id: string;
  /** RFC 3339. */
  createdAt: string;
}

let sequence = 0;

export function kvInbox(kv: KVNamespace, clock: Clock) {
  const mailer: Mailer = {
    awaited: true,
    send: async (mail) => {
      const now = clock();
      // Two mails of one millisecond keep their order.
      sequence = (sequence + 1) % 10_000;
      const left = String(END_OF_TIME_MS - now).padStart(13, '0');
      const id = `${left}-${String(9_999 - sequence).padStart(4, '0')}-${crypto.randomUUID().slice(0, 8)}`;
      const kept: InboxMail = { ...mail, id, createdAt: new Date(now).toISOString() };
      await kv.put(`${PREFIX}${id}`, JSON.stringify(kept), { expirationTtl: TTL_SECONDS });
    },
  };
  /** Newest first. */
  const list = async (to: string | null): Promise<InboxMail[]> => {
    const { keys } = await kv.list({ prefix: PREFIX, limit: LISTED_AT_MOST });
    const mails = await Promise.all(keys.map(({ name }) => kv.get<InboxMail>(name, 'json')));
    return mails.filter((mail) => mail !== null).filter((mail) => to === null || mail.to === to);
  };
  return { mailer, list };
}
