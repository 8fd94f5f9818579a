/** Messages with their placeholders filled in. */
import { type FieldFault, faultCode, type RefusalName } from '../errors.ts';
import { attributeNames, fieldFaults, type Language, refusals } from './index.ts';

/** Replaces each `{name}` by the value of that name; a placeholder without a value stays. */
export const fill = (sentence: string, values: Readonly<Record<string, string | number>> = {}): string =>
  sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** The `detail` of an error. */
export const describeRefusal = (kind: RefusalName, language: Language): string => refusals[language][kind];

/** The params of a fault, with the attribute by its name in the language. */
function named(params: FieldFault['params'], language: Language): FieldFault['params'] {
  const names: Readonly<Record<string, string>> = attributeNames[language];
  const attribute = names[params?.attribute ?? ''];
  return attribute === undefined ? params : { ...params, attribute };
}

/** The message and code of a field fault. */
export const describeFault = ({ fault, params, words }: FieldFault, language: Language) => ({
  message: words?.sentences[language] ?? fill(fieldFaults[language][fault], named(params, language)),
  code: words?.code ?? faultCode(fault),
});
