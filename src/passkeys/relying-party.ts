/**
 * The relying party of passkeys, from the settings and the public URL. Pure.
 * https://www.w3.org/TR/webauthn-3/#relying-party-identifier
 */
import { type IsAllowedOrigin, isInsecureOrigin, originMatcher } from '../origins.ts';
import type { Settings } from '../settings.ts';

export interface RelyingParty {
  /** A domain. */
  id: string;
  /** Shown by browsers. */
  name: string;
  /** Whether ceremonies on pages (or in apps) of this origin are accepted. */
  isOrigin: IsAllowedOrigin;
  /** For `/.well-known/webauthn`: the web origins, without patterns. */
  origins: readonly string[];
}

type Known = Pick<Settings, 'ENVIRONMENT' | 'PASSKEY_RP_ID' | 'PASSKEY_ORIGINS' | 'ALLOWED_ORIGINS'>;

const LOCALHOST = 'localhost';

/** An IP address cannot be an RP ID. In development it means this machine. */
const domainOf = (hostname: string): string => (/^[\d.]+$|^\[/.test(hostname) ? LOCALHOST : hostname);

/** An origin whose pages may use this RP ID without `/.well-known/webauthn`. */
function isWithin(rpId: string, origin: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url?.origin !== origin || !/^https?:$/.test(url.protocol) || isInsecureOrigin(origin)) return false;
  return url.hostname === rpId || url.hostname.endsWith(`.${rpId}`);
}

/** `accountsUrl`: public URL of the account app. `site`: display name of the site. */
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
  // Front-end servers choose their own port.
  const isLocal = (origin: string) =>
    ENVIRONMENT === 'development' && id === LOCALHOST && isWithin(id, origin);
  return {
    id,
    name: site,
    isOrigin: (origin) =>
      origin === own.origin || (isWithin(id, origin) && (isAllowedOrigin(origin) || isLocal(origin))),
    origins: [own.origin, ...ALLOWED_ORIGINS.filter((origin) => isNamed(origin) && isWithin(id, origin))],
  };
}

/** A single web origin, not a pattern or an app scheme. */
const isNamed = (origin: string): boolean => /^https?:\/\/[^*]+$/.test(origin);
