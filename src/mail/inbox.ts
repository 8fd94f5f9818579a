/**
 * The development inbox: e-mails are stored in KV for an hour and shown at /dev/mail. Production settings refuse it.
 * KV lists keys in lexicographic order only, so keys begin with a descending time, and the newest comes first.
 */
import { within } from '../deadlines.ts';
import { sha256Hex } from '../encoding.ts';
import type { Clock, Inbox, InboxMail, Mailer } from '../ports.ts';

const PREFIX = 'mail:';
const TTL_SECONDS = 3_600;
const END_OF_TIME_MS = 9_999_999_999_999;
const LISTED_AT_MOST = 200;

let sequence = 0;

export function kvInbox(kv: KVNamespace, clock: Clock, deadlineMs: number) {
  const mailer: Mailer = {
    awaited: true,
    send: async ({ to, subject, text, html, token }) => {
      const now = clock();
      // Keeps the order of e-mails within the same millisecond.
      sequence = (sequence + 1) % 10_000;
      const left = String(END_OF_TIME_MS - now).padStart(13, '0');
      const id = `${left}-${String(9_999 - sequence).padStart(4, '0')}-${crypto.randomUUID().slice(0, 8)}`;
      const kept: InboxMail = { to, subject, text, html, token, id, createdAt: new Date(now).toISOString() };
      // Metadata is part of the list, so that e-mails to one address are found without reading all of them.
      const metadata = { to: await sha256Hex(to) };
      await within(
        deadlineMs,
        kv.put(`${PREFIX}${id}`, JSON.stringify(kept), { expirationTtl: TTL_SECONDS, metadata }),
      );
    },
  };
  /** Newest first, at most LISTED_AT_MOST. */
  const list: Inbox = async (to) => {
    const wanted = to === null ? null : await sha256Hex(to);
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const page: KVNamespaceListResult<{ to: string }> = await kv.list({ prefix: PREFIX, cursor });
      for (const { name, metadata } of page.keys) {
        if (wanted === null || metadata?.to === wanted) names.push(name);
      }
      cursor = page.list_complete ? null : page.cursor;
    } while (cursor !== null && names.length < LISTED_AT_MOST);
    const listed = names.slice(0, LISTED_AT_MOST);
    const mails = await Promise.all(listed.map((name) => kv.get<InboxMail>(name, 'json')));
    return mails.filter((mail) => mail !== null);
  };
  return { mailer, list };
}
