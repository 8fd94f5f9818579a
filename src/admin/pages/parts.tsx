/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The components of the console's pages. */
import type { Child } from 'hono/jsx';
import type { Site } from '../../http/site.ts';
import type { consoleWords, Language } from '../../languages/index.ts';
import type { User } from '../../model.ts';
import type { Person } from '../list-ports.ts';

export type ConsoleWords = (typeof consoleWords)[Language];

/** The word for a code. A code of another version is shown as it is. */
export const wordFor = (words: Readonly<Record<string, string>>, code: string): string =>
  Object.hasOwn(words, code) ? (words[code] ?? code) : code;

/** The properties of every page. */
export interface Frame {
  /** The path of the console: `/admin`. */
  base: string;
  language: Language;
  words: ConsoleWords;
  site: Site;
  /** null if nobody is logged in. */
  caller: User | null;
  /** The code of the action that was just done, from the query string. */
  done?: string | undefined;
  /** The values of its message's placeholders. */
  notice: Readonly<Record<string, string>> | null;
}

/** What somebody is called; a user has one of the two names. */
export const nameOf = (user: Pick<User, 'id' | 'email' | 'username'>): string =>
  user.email ?? user.username ?? user.id;

export const userPath = (base: string, id: string): string => `${base}/users/${encodeURIComponent(id)}`;

/** Below the user's. */
export const sessionEndPath = (id: string): string => `sessions/${encodeURIComponent(id)}/end`;

/** Text that users chose. */
export const Outside = ({ text }: { text: string | null }) => <bdi>{text}</bdi>;

export const Badge = ({ kind, children }: { kind: 'good' | 'bad' | 'info' | 'plain'; children: Child }) => (
  <span class={`badge ${kind}`}>{children}</span>
);

/** In words, as colour alone is not accessible. */
export const YesNo = (props: { words: ConsoleWords; is: boolean; no?: 'plain' | 'bad' }) => (
  <Badge kind={props.is ? 'good' : (props.no ?? 'plain')}>
    {props.is ? props.words.yes : props.words.no}
  </Badge>
);

/** A link to the user, or the pseudonym of a deleted one. */
export const PersonLink = ({ frame, person }: { frame: Frame; person: Person }) =>
  person.email === null && person.username === null ? (
    <span class="dim">
      {frame.words.user.former} <code>{person.id.slice(0, 8)}</code>
    </span>
  ) : (
    <a href={userPath(frame.base, person.id)}>
      <Outside text={nameOf(person)} />
    </a>
  );

/** One button that posts. `label` where the words alone do not say which one is meant. */
export const ActionForm = (props: {
  to: string;
  children: Child;
  label?: string;
  kind?: 'danger' | 'small';
}) => (
  <form method="post" action={props.to}>
    <button type="submit" class={props.kind} aria-label={props.label}>
      {props.children}
    </button>
  </form>
);

/** The end of a form. `button`: undefined where there is nothing to do. `back`: the path of the way out. */
export const FormActs = (props: {
  words: ConsoleWords;
  button: string | undefined;
  kind?: 'primary' | 'danger' | undefined;
  back: string;
}) => (
  <div class="acts">
    {props.button !== undefined && (
      <button type="submit" class={props.kind ?? 'primary'}>
        {props.button}
      </button>
    )}
    <a class="button" href={props.back}>
      {props.words.cancel}
    </a>
  </div>
);

export type FormErrors = Readonly<Record<string, readonly string[]>>;

interface FieldProps {
  name: string;
  label: string;
  hint?: string;
  errors?: FormErrors | undefined;
  type?: 'text' | 'password' | 'search';
  value?: string | undefined;
  required?: boolean;
  autofocus?: boolean;
  autocomplete?: string;
  /** Not the type `email`, which refuses valid addresses in browsers (RFC 6531). */
  inputmode?: 'email' | 'numeric';
}

export const Field = ({ label, hint, errors = {}, ...input }: FieldProps) => {
  const { name } = input;
  const faults = errors[name];
  const described = [hint && `${name}-hint`, faults && `${name}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        dir="auto"
        aria-invalid={faults && 'true'}
        aria-describedby={described || undefined}
        {...input}
      />
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {faults && (
        <p class="error" id={`${name}-error`}>
          {faults.join(' ')}
        </p>
      )}
    </div>
  );
};

/** A checkbox. */
export const Check = (props: {
  name: string;
  label: string;
  checked?: boolean | undefined;
  errors?: FormErrors | undefined;
}) => {
  const { name, label, checked = false, errors = {} } = props;
  const faults = errors[name];
  return (
    <div>
      <div class="check">
        <input
          id={name}
          name={name}
          type="checkbox"
          value="true"
          checked={checked}
          aria-invalid={faults && 'true'}
          aria-describedby={faults && `${name}-error`}
        />
        <label for={name}>{label}</label>
      </div>
      {faults && (
        <p class="error" id={`${name}-error`}>
          {faults.join(' ')}
        </p>
      )}
    </div>
  );
};

/** The checkbox that makes somebody with an unverified address staff. It shows the fault of the flag. */
export const UnverifiedCheck = ({
  words,
  checked,
  errors,
}: {
  words: ConsoleWords;
  checked?: boolean;
  errors: FormErrors | undefined;
}) => (
  <Check
    name="unverified"
    label={words.user.unverified}
    checked={checked}
    errors={errors?.is_staff && { unverified: errors.is_staff }}
  />
);

/** An alert at the top of the page. */
export const Note = ({ kind, children }: { kind?: 'good' | 'bad'; children: Child }) => (
  <p class={`note ${kind ?? ''}`} role={kind === 'bad' ? 'alert' : 'status'}>
    {children}
  </p>
);
