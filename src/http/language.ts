/** RFC 9110 section 12.5.4 with the look-up of RFC 4647: `ko-KR` is served by `ko`. */
import { parseAccept } from 'hono/utils/accept';
import { LANGUAGES, type Language } from '../languages/index.ts';

export function negotiateLanguage(header: string | undefined): Language {
  let best: Language = 'en';
  let bestQuality = 0;
  for (const { type, q } of parseAccept(header ?? '')) {
    const primary = type.toLowerCase().split('-')[0];
    const language = primary === '*' ? 'en' : LANGUAGES.find((known) => known === primary);
    if (language && q > bestQuality) {
      best = language;
      bestQuality = q;
    }
  }
  return best;
}
