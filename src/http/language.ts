/** Language negotiation (RFC 9110 section 12.5.4) with the look-up of RFC 4647: `ko-KR` matches `ko`. */
import { parseAccept } from 'hono/utils/accept';
import { LANGUAGES, type Language } from '../languages/index.ts';

const DEFAULT: Language = 'en';

function best(header: string | undefined, any: Language | undefined): Language | null {
  let found: Language | null = null;
  let bestQuality = 0;
  for (const { type, q } of parseAccept(header ?? '')) {
    const primary = type.toLowerCase().split('-')[0];
    const language = primary === '*' ? any : LANGUAGES.find((known) => known === primary);
    if (language && q > bestQuality) {
      found = language;
      bestQuality = q;
    }
  }
  return found;
}

export const negotiateLanguage = (header: string | undefined): Language => best(header, DEFAULT) ?? DEFAULT;

/** The supported language that the header names, or null. `*`, which Node's fetch sends, names none. */
export const askedLanguage = (header: string | undefined): Language | null => best(header, undefined);
