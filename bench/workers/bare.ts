/**
 * Only the work that an endpoint cannot do without: verifying the token of the request, its recorded calls to D1 and KV with
 * the ids of this caller, and signing the tokens of the response.
 */
import type { Call, Plan } from '../lib/calls.ts';

interface Env {
  DB: D1Database;
  BLACKLIST: KVNamespace;
  SIGNING_KEY: string;
}
type Values = Record<string, unknown>;

const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const salt = new Uint8Array(16);
let key: Promise<CryptoKey> | undefined;

export async function perform(plan: Plan, request: Request, env: Env): Promise<Record<string, string>> {
  key ??= crypto.subtle.importKey('raw', encoder.encode(env.SIGNING_KEY), HMAC, false, ['sign', 'verify']);
  const secret = await key;
  const sent = request.method === 'POST' ? await request.json<Values>() : {};
  const token =
    (sent.refresh as string | undefined) ?? request.headers.get('Authorization')?.slice('Bearer '.length);
  const claims = token === undefined ? {} : await claimsOf(token, secret);
  const values: Values = {
    ...sent,
    ...claims,
    newSid: crypto.randomUUID(),
    successorJti: crypto.randomUUID(),
  };

  let rows: unknown;
  for (const call of plan.calls) rows = (await ask(call, values, env)) ?? rows;
  if (plan.hashes) await hash(String(sent.password));
  if (plan.signs === 0) return { rows: JSON.stringify(rows).slice(0, 20) };

  const sid = plan.hashes ? values.newSid : values.sid;
  const iat = Math.floor(Date.now() / 1_000);
  const common = { sub: values.sub, sid, iat, exp: iat + 86_400 };
  const [access, refresh] = await Promise.all([
    sign({ token_type: 'access', jti: crypto.randomUUID(), ...common, email_verified: true }, secret),
    sign({ token_type: 'refresh', jti: values.successorJti, ...common, aud: 'refresh' }, secret),
  ]);
  return { access, refresh };
}

const fill = (param: unknown, values: Values): unknown =>
  typeof param === 'string' && param.startsWith('$') && param.slice(1) in values
    ? values[param.slice(1)]
    : param;

async function ask(call: Call, values: Values, { DB, BLACKLIST }: Env): Promise<unknown> {
  if (call.store === 'kv') {
    const [name, ...rest] = call.args as [string, never];
    const filled = name.replace(/\$(\w+)/, (_, value: string) => String(values[value]));
    return call.how === 'get' ? BLACKLIST.get(filled, ...rest) : BLACKLIST.put(filled, ...(rest as [never]));
  }
  const statements = call.statements.map(({ sql, params }) =>
    DB.prepare(sql).bind(...params.map((param) => fill(param, values))),
  );
  if (call.how === 'batch') return DB.batch(statements);
  return (statements[0] as D1PreparedStatement)[call.how as 'all']();
}

async function claimsOf(token: string, secret: CryptoKey): Promise<Values> {
  const end = token.lastIndexOf('.');
  const signed = token.slice(0, end);
  const good = await crypto.subtle.verify(
    'HMAC',
    secret,
    fromBase64Url(token.slice(end + 1)),
    encoder.encode(signed),
  );
  if (!good) throw new Error('not our token');
  return JSON.parse(decoder.decode(fromBase64Url(signed.slice(signed.indexOf('.') + 1)))) as Values;
}

async function sign(claims: Values, secret: CryptoKey): Promise<string> {
  const unsigned = `${text({ alg: 'HS256', typ: 'JWT' })}.${text(claims)}`;
  const signature = await crypto.subtle.sign('HMAC', secret, encoder.encode(unsigned));
  return `${unsigned}.${toBase64Url(new Uint8Array(signature))}`;
}

async function hash(password: string): Promise<void> {
  const imported = await crypto.subtle.importKey('raw', encoder.encode(password), 'PBKDF2', false, [
    'deriveBits',
  ]);
  await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: 1_000 }, imported, 256);
}

const text = (value: unknown) => toBase64Url(encoder.encode(JSON.stringify(value)));
const toBase64Url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
const fromBase64Url = (part: string) =>
  Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
