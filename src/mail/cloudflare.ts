/** Cloudflare's e-mail binding (https://developers.cloudflare.com/email-service/). */
import type { Mailer } from '../ports.ts';

export const cloudflareMailer = (binding: SendEmail, from: string): Mailer => ({
  awaited: false,
  send: async ({ to, subject, text, html }) => {
    await binding.send({ from, to, subject, text, html });
  },
});
