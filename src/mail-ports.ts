/** The ports for e-mail. */
import type { MailName } from './languages/en/mails.ts';
import type { Language } from './languages/index.ts';

export interface Mail {
  /** The kind of e-mail, such as `password_reset`. */
  kind: MailName;
  language: Language;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The token in the link. */
  token: string | null;
}

/** An e-mail in the development inbox. */
export interface InboxMail extends Omit<Mail, 'kind' | 'language'> {
  id: string;
  /** RFC 3339. */
  createdAt: string;
}

/** Lists the development inbox, newest first: everything, or what was sent to one address. */
export type Inbox = (to: string | null) => Promise<InboxMail[]>;

export interface Mailer {
  /** True for the development inbox: the e-mail is stored before the response, so that a program can read it next. */
  awaited: boolean;
  send: (mail: Mail) => Promise<void>;
}
