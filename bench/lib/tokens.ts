/** Tokens like those of the Worker (HS256), signed here for seeded sessions. */
import { createHmac, randomUUID } from 'node:crypto';
import { ISSUED_FOR_SECONDS, SESSION_ID, SIGNING_KEY, USER } from '../fixture.ts';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function token(
  kind: 'access' | 'refresh',
  { userId = USER.id, sessionId = SESSION_ID }: { userId?: string; sessionId?: string } = {},
): string {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = {
    token_type: kind,
    jti: randomUUID(),
    sub: userId,
    sid: sessionId,
    iat,
    exp: iat + ISSUED_FOR_SECONDS,
    ...(kind === 'refresh' ? { aud: 'refresh' } : { email_verified: true }),
  };
  const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${unsigned}.${createHmac('sha256', SIGNING_KEY).update(unsigned).digest('base64url')}`;
}

export const bearer = (access: string) => ({ authorization: `Bearer ${access}` });

export const claimsOf = (text: string) =>
  JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as {
    jti: string;
    sid: string;
    exp: number;
  };
