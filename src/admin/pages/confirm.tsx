/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The confirmation page of an action: what it is about and what will happen. */
import { fill } from '../../languages/describe.ts';
import type { User } from '../../model.ts';
import type { Count } from '../list-ports.ts';
import { UserForm } from './form-page.tsx';
import { type ConsoleWords, Field, type FormErrors, type Frame, Outside, UnverifiedCheck } from './parts.tsx';

export interface Consequence {
  /** How many live sessions it ends; null: it ends none. */
  sessions: Count | null;
  /** Staff act on their own account. */
  isOwn: boolean;
}

export function sessionsEnd({ confirm }: ConsoleWords, { count, more }: Count): string {
  if (count === 0) return confirm.noSession;
  if (count === 1 && !more) return confirm.oneSession;
  return fill(more ? confirm.manySessions : confirm.sessions, { count });
}

/** Side effects, shown below the question. */
export const Consequences = ({ words, sessions, isOwn }: Consequence & { words: ConsoleWords }) => (
  <>
    {isOwn && <p class="note">{sessions ? words.confirm.ownEnds : words.confirm.own}</p>}
    {sessions && <p>{sessionsEnd(words, sessions)}</p>}
  </>
);

/** They give something. The others take something away, and their button is red. */
const GIVING: (keyof ConsoleWords['questions'])[] = ['activate', 'promote', 'verify-email'];

export const ConfirmPage = (
  props: {
    frame: Frame;
    user: User;
    act: keyof ConsoleWords['questions'];
    /** The part of the user that it is about, and its path, if it is not about the user as a whole. */
    what?: string;
    at?: string;
    errors?: FormErrors | undefined;
  } & Consequence,
) => {
  const { user, act, errors } = props;
  const { words } = props.frame;
  const question = words.questions[act];
  return (
    <UserForm
      frame={props.frame}
      user={user}
      title={question.title}
      at={props.at ?? act}
      button={question.button}
      kind={GIVING.includes(act) ? 'primary' : 'danger'}
      errors={errors}
    >
      {props.what !== undefined && (
        <p>
          <Outside text={props.what} />
        </p>
      )}
      <p>{question.text}</p>
      <Consequences words={words} sessions={props.sessions} isOwn={props.isOwn} />
      {(act === 'promote' || act === 'activate') && user.emailVerifiedAt === null && (
        <UnverifiedCheck words={words} errors={errors} />
      )}
      {act === 'delete' && (
        <Field
          name="confirm"
          label={user.email === null ? words.confirm.typeUsername : words.confirm.typeEmail}
          errors={errors}
          autocomplete="off"
          required
        />
      )}
    </UserForm>
  );
};
