/** DRF's own messages, for the paths of its clients. Separate, so that guards do not bundle them. */
import type { RefusalName } from '../errors.ts';
import { describeRefusal, fill } from './describe.ts';
import { drfRefusals, type Language } from './index.ts';

/** The `detail` of an error on these paths. */
export function describeDrfRefusal(
  kind: RefusalName,
  language: Language,
  request: Readonly<Record<'method' | 'media_type', string>>,
): string {
  const own: Partial<Record<RefusalName, string>> = drfRefusals[language];
  const sentence = own[kind];
  return sentence === undefined ? describeRefusal(kind, language) : fill(sentence, request);
}
