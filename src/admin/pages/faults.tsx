/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The faults of a form, at its top. */
import { type ConsoleWords, type FormErrors, wordFor } from './parts.tsx';

/** The fields whose id differs from their name; the fault of a flag is shown at its checkbox. */
const FIELD_IDS = ['email', 'username', 'name', 'password', 'code', 'confirm', 'unverified'];

/** The faults of a form as a whole and by field. It gets the focus, also without a script. */
export const Faults = ({ words, errors }: { words: ConsoleWords; errors: FormErrors | undefined }) => {
  if (!errors) return null;
  const { non_field_errors: whole, ...fields } = errors;
  return (
    <div class="note bad" role="alert" tabindex={-1} autofocus>
      {whole?.join(' ') ?? words.correctBelow}
      {Object.keys(fields).length > 0 && (
        <ul>
          {Object.entries(fields).map(([field, faults]) => {
            const id = field === 'is_staff' ? 'unverified' : field;
            const text = `${Object.hasOwn(words.fields, field) ? `${wordFor(words.fields, field)}: ` : ''}${faults.join(' ')}`;
            return <li>{FIELD_IDS.includes(id) ? <a href={`#${id}`}>{text}</a> : text}</li>;
          })}
        </ul>
      )}
    </div>
  );
};
