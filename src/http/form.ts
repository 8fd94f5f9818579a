/** Form bodies, which DRF's default parsers accept besides JSON. */
import { Refusal } from '../errors.ts';
import { mediaTypeOf, type RequestContext, readBytes } from './bytes.ts';

const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data'];

export const isForm = (c: RequestContext): boolean => FORMS.includes(mediaTypeOf(c).type);

/** The last of several fields with one name counts; files are not text. 413; 415 for another charset; 400 parse_error. */
export async function readForm(c: RequestContext): Promise<Record<string, unknown>> {
  const bytes = await readBytes(c);
  if (!mediaTypeOf(c).isUtf8) throw new Refusal('unsupported_media_type');
  const headers = { 'Content-Type': c.req.header('Content-Type') ?? '' };
  try {
    return Object.fromEntries((await new Response(bytes, { headers }).formData()).entries());
  } catch {
    throw new Refusal('parse_error');
  }
}
