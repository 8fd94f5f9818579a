/** The keys of the deployments, and tokens signed with them that the service would not issue. */
import { randomBytes } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';

export const AUDIENCE = 'https://api.example.com';

export interface Keys {
  /** As the setting SIGNING_KEY takes it. */
  signingKey: string;
}

export async function makeKeys(kind: 'secret' | 'keyPair'): Promise<Keys> {
  if (kind === 'secret') return { signingKey: randomBytes(32).toString('base64url') };
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { signingKey: JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'test', alg: 'ES256' }) };
}

const signingKey = async ({ signingKey }: Keys) =>
  signingKey.startsWith('{') ? importJWK(JSON.parse(signingKey)) : new TextEncoder().encode(signingKey);

/** The same token with other claims, signed as the service signs. */
export async function resigned(token: string, claims: Record<string, unknown>, keys: Keys): Promise<string> {
  const { alg = '', ...header } = decodeProtectedHeader(token);
  return new SignJWT({ ...decodeJwt(token), ...claims })
    .setProtectedHeader({ alg, ...header })
    .sign(await signingKey(keys));
}

/** The token as it is once its lifetime is over, so that no test waits for that. */
export function expired(token: string, keys: Keys): Promise<string> {
  const { iat = 0, exp = 0 } = decodeJwt(token);
  const shift = exp - Math.floor(Date.now() / 1_000) + 60;
  return resigned(token, { iat: iat - shift, exp: exp - shift }, keys);
}
