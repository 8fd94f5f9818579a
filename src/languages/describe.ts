/** Sentences with their blanks filled in. */
import { type FieldFault, faultCode, type RefusalName } from '../errors.ts';
import { drfRefusals, fieldFaults, type Language, refusals } from './index.ts';

/** `{name}` becomes the value of that name; a blank that nothing fills stays. */
export const fill = (sentence: string, values: Readonly<Record<string, string | number>> = {}): string =>
  sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** The `detail` of a refusal. `drf`: DRF's own sentence, where it has one, about that request. */
export function describeRefusal(
  kind: RefusalName,
  language: Language,
  drf?: Readonly<Record<string, string>>,
): string {
  const own: Partial<Record<RefusalName, string>> = drf ? drfRefusals[language] : {};
  const sentence = own[kind];
  return sentence === undefined ? refusals[language][kind] : fill(sentence, drf);
}

/** The message of one field fault, with the code that programs read. */
export const describeFault = ({ fault, params }: FieldFault, language: Language) => ({
  message: fill(fieldFaults[language][fault], params),
  code: faultCode(fault),
});
