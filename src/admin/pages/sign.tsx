/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The pages around the console: log-in, a question before what cannot be undone, and what went wrong. */
import type { User } from '../../ports.ts';
import { type Frame, Layout } from './layout.tsx';
import { ActionForm, Faults, Field, type FormErrors, nameOf, Outside, userPath } from './parts.tsx';

export const LogInPage = (props: {
  frame: Frame;
  next: string;
  name: string;
  errors?: FormErrors | undefined;
}) => (
  <Layout frame={props.frame} title="Log in">
    <form class="card narrow" method="post" action={`${props.frame.base}/login`}>
      <Faults errors={props.errors} />
      <Field
        name="username"
        label="E-mail or username"
        value={props.name}
        errors={props.errors}
        autocomplete="username"
        required
        autofocus
      />
      <Field
        name="password"
        label="Password"
        type="password"
        errors={props.errors}
        autocomplete="current-password"
        required
      />
      <input type="hidden" name="next" value={props.next} />
      <button type="submit" class="primary">
        Log in
      </button>
    </form>
    <p class="dim">For staff only.</p>
  </Layout>
);

/** What is asked before a deed that cannot be undone. */
export interface Question {
  title: string;
  text: string;
  button: string;
}

export const ConfirmPage = (props: { frame: Frame; user: User; act: string; question: Question }) => {
  const { user, question } = props;
  const path = userPath(props.frame.base, user.id);
  return (
    <Layout frame={props.frame} title={question.title} place="Users">
      <div class="card narrow">
        <strong>
          <Outside text={nameOf(user)} />
        </strong>
        <p>{question.text}</p>
        <div class="acts">
          <ActionForm to={`${path}/${props.act}`} kind="danger">
            {question.button}
          </ActionForm>
          <a class="button" href={path}>
            Cancel
          </a>
        </div>
      </div>
    </Layout>
  );
};

/** `request`: its id, where the log has more to say. */
export const ErrorPage = (props: { frame: Frame; title: string; detail: string; request: string | null }) => (
  <Layout frame={props.frame} title={props.title}>
    <div class="card narrow">
      <p>{props.detail}</p>
      {props.request && (
        <p class="dim">
          Request <code>{props.request}</code>
        </p>
      )}
      <a href={props.frame.base || '/'}>Go to the console</a>
    </div>
  </Layout>
);
