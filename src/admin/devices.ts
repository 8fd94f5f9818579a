/** Sessions as people recognise them: "Safari on iPhone", "Seoul, KR". */

import { deviceOf } from '../device.ts';
import { fill } from '../languages/describe.ts';
import { consoleWords, type Language } from '../languages/index.ts';
import type { Session } from '../model.ts';

/** `place`: null where nothing is known. */
export type SeenSession<S extends Session = Session> = S & { device: string; place: string | null };

async function deviceName(userAgent: string | null, language: Language): Promise<string> {
  const { device, unknownDevice } = consoleWords[language].sessions;
  const { family, system } = await deviceOf(userAgent);
  if (family && system) return fill(device, { browser: family, system });
  return family || system || unknownDevice;
}

/** Cloudflare also says T1 (Tor) and XX, which are no regions. */
function countryName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

function placeOf({ city, country }: Session, language: Language): string | null {
  if (city) return country ? `${city}, ${country}` : city;
  return country && countryName(country, language);
}

export const seenSessions = <S extends Session>(
  sessions: readonly S[],
  language: Language,
): Promise<SeenSession<S>[]> =>
  Promise.all(
    sessions.map(async (session) => ({
      ...session,
      device: await deviceName(session.userAgent, language),
      place: placeOf(session, language),
    })),
  );
