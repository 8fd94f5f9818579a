/** What the use cases need of mail. */
import type { MailName } from './languages/en/mails.ts';
import type { Language } from './languages/index.ts';

export interface Mail {
  /** What it is about: `password_reset`. */
  kind: MailName;
  language: Language;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** What the link carries. */
  token: string | null;
}

/** A mail in the development inbox. */
export interface InboxMail extends Omit<Mail, 'kind' | 'language'> {
  id: string;
  /** RFC 3339. */
  createdAt: string;
}

/** The development inbox, newest first: all of it, or what went to one address. */
export type Inbox = (to: string | null) => Promise<InboxMail[]>;

export interface Mailer {
  /** Of the development inbox: a mail is there before the answer is, so that a program can read it next. */
  awaited: boolean;
  send: (mail: Mail) => Promise<void>;
}
