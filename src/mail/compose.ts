/**
 * Lays out an e-mail as text and HTML. Mail clients support little CSS, each a different subset, so the layout uses
 * tables, inline styles, and colors that Gmail, Outlook and Apple Mail can adapt to dark mode (caniemail.com).
 */
import { fill } from '../languages/describe.ts';
import type { MailName, MailWords } from '../languages/en/mails.ts';
import { type Language, mailParts, mails } from '../languages/index.ts';
import type { Client, Mail } from '../ports.ts';

export interface MailValues {
  site: string;
  /** URL of the button; null for a mere notification. */
  link: string | null;
  /** URL of the page where the token can be pasted. */
  page: string | null;
  /** URL of the second button. */
  secondLink?: string | null;
  token: string | null;
  /** A short code for typing. */
  code?: string | undefined;
  /** How long the link works. */
  lifetimeSeconds?: number;
  /** When (epoch seconds) and from where the e-mail was requested. */
  made?: { at: number; by: Pick<Client, 'ip' | 'country'>; device?: string };
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** `2026-11-26 09:05 UTC`: unambiguous in every language and time zone. */
const timeText = (seconds: number) =>
  `${new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Cloudflare also uses T1 (Tor) and XX (unknown), which are not regions. */
function countryName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

function placeText({ ip, country }: Pick<Client, 'ip' | 'country'>, language: Language): string {
  const name = country === null ? null : countryName(country, language);
  if (name === null) return ip ?? mailParts[language].unknownPlace;
  return ip === null ? name : `${name} (${ip})`;
}

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Apple SD Gothic Neo','Malgun Gothic',sans-serif";
const paragraph = (text: string, style = '') =>
  `<p style="margin:0 0 16px;${FONT};font-size:16px;line-height:1.5;word-break:keep-all;overflow-wrap:anywhere;${style}">${escapeHtml(text)}</p>`;
/** Outlook ignores the padding of a link, so there the cell has it (`mso-padding-alt`). */
const button = (label: string, href: string, background: string) =>
  `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr><td bgcolor="${background}" style="border-radius:6px;mso-padding-alt:12px 24px"><a href="${escapeHtml(href)}" style="display:inline-block;padding:12px 24px;mso-padding-alt:0;${FONT};font-size:16px;font-weight:bold;color:#ffffff;text-decoration:none">${escapeHtml(label)}</a></td></tr></table>`;
/** By opacity, which also works in dark mode, however the client inverts colors. */
const muted = (text: string) => paragraph(text, 'font-size:13px;opacity:0.75;word-break:break-all');
const CODE = 'font-size:28px;font-weight:bold;letter-spacing:4px';

/** `to` is also the address that the text refers to. */
export function composeMail(name: MailName, language: Language, to: string, more: MailValues): Mail {
  const words: MailWords = mails[language][name];
  const { lifetimeSeconds = 0, made } = more;
  const values: Record<string, string> = {
    email: to,
    site: more.site,
    minutes: String(lifetimeSeconds / 60),
    hours: String(lifetimeSeconds / 3_600),
    when: made ? timeText(made.at) : '',
    place: made ? placeText(made.by, language) : mailParts[language].unknownPlace,
    device: made?.device || mailParts[language].unknownDevice,
    page: more.page ?? '',
  };
  const filled = (text: string) => fill(text, values);
  const before = words.before.map(filled);
  const after = (words.after ?? []).map(filled);
  const link = words.link !== undefined && more.link !== null ? { label: words.link, href: more.link } : null;
  const second = words.second && more.secondLink ? { ...words.second, href: more.secondLink } : null;
  const short = words.code !== undefined && more.code ? { before: words.code, code: more.code } : null;
  // Show only one code: the short one, if there is one.
  const code =
    link && more.token !== null && !short
      ? { before: filled(mailParts[language].code), token: more.token }
      : null;
  return {
    kind: name,
    language,
    to,
    subject: words.subject,
    text: [
      ...before,
      ...(short ? [short.before, short.code] : []),
      ...(link ? [link.href] : []),
      ...(code ? [code.before, code.token] : []),
      ...after,
      ...(second ? [second.before, second.href] : []),
    ].join('\n\n'),
    html: [
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
      '<meta name="viewport" content="width=device-width, initial-scale=1">',
      '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
      `<title>${escapeHtml(words.subject)}</title></head>`,
      '<body style="margin:0;padding:0">',
      // The preview text that mail clients show after the subject.
      `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${escapeHtml(before[0] ?? '')}</div>`,
      '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center" style="padding:24px 12px">',
      // Outlook ignores max-width.
      '<!--[if mso]><table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0"><tr><td align="left"><![endif]-->',
      '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px"><tr><td align="left" style="padding:8px 16px">',
      paragraph(more.site, 'font-weight:bold'),
      ...before.map((text) => paragraph(text)),
      ...(short ? [paragraph(short.before), paragraph(short.code, CODE)] : []),
      ...(link ? [button(link.label, link.href, '#1d4ed8'), muted(link.href)] : []),
      ...(code ? [paragraph(code.before, 'font-size:13px'), muted(code.token)] : []),
      ...after.map((text) => paragraph(text)),
      ...(second
        ? [paragraph(second.before), button(second.label, second.href, '#b42318'), muted(second.href)]
        : []),
      '</td></tr></table>',
      '<!--[if mso]></td></tr></table><![endif]-->',
      '</td></tr></table></body></html>',
    ].join('\n'),
    token: more.token,
  };
}
