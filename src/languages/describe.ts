/** Sentences with their blanks filled in. */
import { type FieldFault, faultCode, type RefusalName } from '../errors.ts';
import { fieldFaults, type Language, refusals } from './index.ts';

/** `{name}` becomes the value of that name; a blank that nothing fills stays. */
export const fill = (sentence: string, values: Readonly<Record<string, string | number>> = {}): string =>
  sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** The `detail` of a refusal. */
export const describeRefusal = (kind: RefusalName, language: Language): string => refusals[language][kind];

/** The message of one field fault, with the code that programs read. */
export const describeFault = ({ fault, params, words }: FieldFault, language: Language) => ({
  message: words?.sentences[language] ?? fill(fieldFaults[language][fault], params),
  code: words?.code ?? faultCode(fault),
});
