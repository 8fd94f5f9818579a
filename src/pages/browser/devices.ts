/** Describes a session: "Firefox on Linux", and when and from where it was used. */
import type { Session } from '../../client/index.ts';
import { language, say } from './dom.ts';

/** A session of `GET /sessions?include=device`. */
export interface SeenSession extends Session {
  device: { browser: string | null; system: string | null };
}

export function deviceOf({ device: { browser, system } }: SeenSession): string {
  if (browser && system) return say('onSystem', { browser, system });
  return browser ?? system ?? say('unknownDevice');
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "5 minutes ago", in the page's language. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1_000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return say('justNow');
}

export const date = (time: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(time));

/** The name of a two-letter country code. Others, such as `T1` for Tor, are shown as they are. */
function countryOf(code: string): string {
  try {
    return new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

export const aboutSession = ({ ip, country, last_used_at }: Session): string =>
  [country && countryOf(country), ip, say('lastUsed', { when: ago(last_used_at) })]
    .filter(Boolean)
    .join(' · ');
