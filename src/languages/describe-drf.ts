/** DRF's own sentences about a request, at the paths of its clients. Apart, so that a guard's bundle has none. */
import type { RefusalName } from '../errors.ts';
import { describeRefusal, fill } from './describe.ts';
import { drfRefusals, type Language } from './index.ts';

/** The `detail` of a refusal there. */
export function describeDrfRefusal(
  kind: RefusalName,
  language: Language,
  request: Readonly<Record<'method' | 'media_type', string>>,
): string {
  const own: Partial<Record<RefusalName, string>> = drfRefusals[language];
  const sentence = own[kind];
  return sentence === undefined ? describeRefusal(kind, language) : fill(sentence, request);
}
