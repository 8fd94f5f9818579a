/** Sends e-mail with Cloudflare's binding (https://developers.cloudflare.com/email-service/). */
import type { Mailer } from '../ports.ts';
import type { MailSender } from '../setting-parsers.ts';

export const cloudflareMailer = (binding: SendEmail, { email, name }: MailSender): Mailer => ({
  awaited: false,
  send: async ({ to, subject, text, html }) => {
    await binding.send({ from: name === null ? email : { name, email }, to, subject, text, html });
  },
});
