/** Reads the bytes of a body with a size limit, whatever Content-Length says, and its media type. */
import { Refusal } from '../errors.ts';
import type { AppContext } from './context.ts';

export type RequestContext = Pick<AppContext, 'req'>;

const MAX_BODY_BYTES = 16_384;

/** The whole body. 413 payload_too_large. */
export async function readBytes(c: RequestContext): Promise<Uint8Array> {
  const declared = c.req.header('Content-Length');
  if (Number(declared ?? 0) > MAX_BODY_BYTES) throw new Refusal('payload_too_large');
  // HTTP enforces a declared length (RFC 9112 section 6.3), so the body can be read at once.
  const bytes =
    declared === undefined ? await readCounting(c) : new Uint8Array(await c.req.raw.arrayBuffer());
  if (bytes.byteLength > MAX_BODY_BYTES) throw new Refusal('payload_too_large');
  return bytes;
}

/** For a body without a declared length: stops reading once it is too long. */
async function readCounting(c: RequestContext): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = c.req.raw.body?.getReader();
  while (reader && size <= MAX_BODY_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    parts.push(value);
  }
  if (size > MAX_BODY_BYTES) await reader?.cancel();
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

const UTF8_CHARSET = /^charset\s*=\s*(?:"utf-?8"|utf-?8)?$/;

/** The media type without parameters. `isUtf8` unless the charset parameter says otherwise. */
export function mediaTypeOf(c: RequestContext): { type: string; isUtf8: boolean } {
  const [type = '', ...parameters] = (c.req.header('Content-Type') ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every(
    (parameter) => !/^charset\s*=/.test(parameter) || UTF8_CHARSET.test(parameter),
  );
  return { type, isUtf8 };
}
