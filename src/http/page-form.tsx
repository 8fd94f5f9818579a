/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Forms of the account pages. Their scripts (pages/browser/forms.ts) submit them and show the errors. */
import type { Child } from 'hono/jsx';
import { fill } from '../languages/describe.ts';
import { accountPages, type Language, mailLinkParts } from '../languages/index.ts';

/** General errors are shown on top. */
export const Form = (props: { id: string; hidden?: boolean; children?: Child }) => (
  <form id={props.id} novalidate hidden={props.hidden}>
    <p role="alert" data-fault tabindex={-1} />
    {props.children}
  </form>
);

interface FieldProps {
  form: string;
  name: string;
  label: Child;
  type?: 'text' | 'email' | 'password';
  autocomplete: string;
  hint?: string | undefined;
  /** Shows the numeric keyboard, for codes. */
  digits?: boolean;
}

export function Field({ form, name, label, type = 'text', autocomplete, hint, digits }: FieldProps) {
  const id = `${form}-${name}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        autocomplete={autocomplete}
        aria-describedby={hint ? `${id}-hint ${id}-fault` : `${id}-fault`}
        inputmode={digits ? 'numeric' : undefined}
        spellcheck={false}
        autocapitalize={autocomplete === 'name' ? 'words' : 'none'}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <p class="error" id={`${id}-fault`} data-fault-of={name} />
    </div>
  );
}

/** A field for a new password, with the password rules. */
export const NewPassword = ({
  frame,
  form,
  name,
  label,
}: {
  frame: { language: Language; minLength: number };
  form: string;
  name: string;
  label: string;
}) => (
  <Field
    form={form}
    name={name}
    label={label}
    type="password"
    autocomplete="new-password"
    hint={fill(mailLinkParts[frame.language].rules, { min: frame.minLength })}
  />
);

export const ShowPassword = ({ frame }: { frame: { language: Language } }) => (
  <label class="check">
    <input type="checkbox" data-show /> {accountPages[frame.language].script.show}
  </label>
);

/** For password managers, which store a password with a username. */
export const HiddenName = () => (
  <input class="unseen" name="username" autocomplete="username" tabindex={-1} />
);

/** Disabled until the script is there: until then a form can do nothing. */
export const Submit = (props: { kind?: 'plain' | 'danger' | undefined; children?: Child }) => (
  <button type="submit" class={props.kind} disabled>
    {props.children}
  </button>
);
