/**
 * Who a passkey is for: the relying party, by the settings and the public address. Pure.
 * https://www.w3.org/TR/webauthn-3/#relying-party-identifier
 */
import { type IsAllowedOrigin, isInsecureOrigin, originMatcher } from '../origins.ts';
import type { Settings } from '../settings.ts';

export interface RelyingParty {
  /** A domain. */
  id: string;
  /** What browsers show. */
  name: string;
  /** Whether a ceremony on a page (or in an app) of this origin counts. */
  isOrigin: IsAllowedOrigin;
  /** For `/.well-known/webauthn`: the web origins that are known by name. */
  origins: readonly string[];
}

type Known = Pick<Settings, 'ENVIRONMENT' | 'PASSKEY_RP_ID' | 'PASSKEY_ORIGINS' | 'ALLOWED_ORIGINS'>;

const LOCALHOST = 'localhost';

/** An address is no RP ID: in development it is this machine all the same. */
const domainOf = (hostname: string): string => (/^[\d.]+$|^\[/.test(hostname) ? LOCALHOST : hostname);

/** An origin whose pages may use this RP ID without any document. */
function isWithin(rpId: string, origin: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url?.origin !== origin || !/^https?:$/.test(url.protocol) || isInsecureOrigin(origin)) return false;
  return url.hostname === rpId || url.hostname.endsWith(`.${rpId}`);
}

/** `accountsUrl`: where the account app is, seen from outside. `site`: what people know it by. */
export function relyingPartyOf(
  { settings, isAllowedOrigin }: { settings: Known; isAllowedOrigin: IsAllowedOrigin },
  { accountsUrl, site }: { accountsUrl: string; site: string },
): RelyingParty {
  const own = new URL(accountsUrl);
  const id = settings.PASSKEY_RP_ID ?? domainOf(own.hostname);
  const { PASSKEY_ORIGINS, ALLOWED_ORIGINS, ENVIRONMENT } = settings;
  if (PASSKEY_ORIGINS !== undefined) {
    return {
      id,
      name: site,
      isOrigin: originMatcher(PASSKEY_ORIGINS),
      origins: PASSKEY_ORIGINS.filter(isNamed),
    };
  }
  // A front end's server picks its own port.
  const isDeveloped = (origin: string) =>
    ENVIRONMENT === 'development' && id === LOCALHOST && isWithin(id, origin);
  return {
    id,
    name: site,
    isOrigin: (origin) =>
      origin === own.origin || (isWithin(id, origin) && (isAllowedOrigin(origin) || isDeveloped(origin))),
    origins: [own.origin, ...ALLOWED_ORIGINS.filter((origin) => isNamed(origin) && isWithin(id, origin))],
  };
}

/** One web origin, not a pattern or an app. */
const isNamed = (origin: string): boolean => /^https?:\/\/[^*]+$/.test(origin);
