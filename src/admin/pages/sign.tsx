/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The pages around the console: log-in, a question before what cannot be undone, and what went wrong. */
import type { User } from '../../model.ts';
import { Layout } from './layout.tsx';
import {
  type ConsoleWords,
  Faults,
  Field,
  type FormErrors,
  type Frame,
  nameOf,
  Outside,
  UnverifiedCheck,
  userPath,
} from './parts.tsx';

/** The second step of a log-in. A token that is void by now is no good here: the link leads back to the first step. */
export const SecondFactorPage = (props: {
  frame: Frame;
  next: string;
  mfaToken: string;
  errors?: FormErrors | undefined;
}) => {
  const { words, base } = props.frame;
  return (
    <Layout frame={props.frame} title={words.logIn}>
      <form class="card narrow" method="post" action={`${base}/login/second-factor`}>
        <Faults words={words} errors={props.errors} />
        <Field
          name="code"
          label={words.secondFactorCode}
          errors={props.errors}
          autocomplete="one-time-code"
          required
          autofocus
        />
        <input type="hidden" name="mfa_token" value={props.mfaToken} />
        <input type="hidden" name="next" value={props.next} />
        <button type="submit" class="primary">
          {words.logIn}
        </button>
        <a href={`${base}/login`}>{words.startAgain}</a>
      </form>
    </Layout>
  );
};

export const LogInPage = (props: {
  frame: Frame;
  next: string;
  name: string;
  errors?: FormErrors | undefined;
}) => {
  const { words } = props.frame;
  return (
    <Layout frame={props.frame} title={words.logIn}>
      <form class="card narrow" method="post" action={`${props.frame.base}/login`}>
        <Faults words={words} errors={props.errors} />
        <Field
          name="username"
          label={words.logInName}
          value={props.name}
          errors={props.errors}
          autocomplete="username"
          required
          autofocus
        />
        <Field
          name="password"
          label={words.user.password}
          type="password"
          errors={props.errors}
          autocomplete="current-password"
          required
        />
        <input type="hidden" name="next" value={props.next} />
        <button type="submit" class="primary">
          {words.logIn}
        </button>
      </form>
      <p class="dim">{words.staffOnly}</p>
    </Layout>
  );
};

/** Asked before what cannot be undone. */
export const ConfirmPage = (props: {
  frame: Frame;
  user: User;
  act: keyof ConsoleWords['questions'];
  /** What of the user it is about, and where it is done, where that is not the user as a whole. */
  what?: string;
  at?: string;
  errors?: FormErrors | undefined;
}) => {
  const { user, errors } = props;
  const { words } = props.frame;
  const question = words.questions[props.act];
  const path = userPath(props.frame.base, user.id);
  return (
    <Layout frame={props.frame} title={question.title} place="users">
      <Faults words={words} errors={errors} />
      <form class="card narrow" method="post" action={`${path}/${props.at ?? props.act}`}>
        <strong>
          <Outside text={nameOf(user)} />
        </strong>
        {props.what !== undefined && (
          <p>
            <Outside text={props.what} />
          </p>
        )}
        <p>{question.text}</p>
        {(props.act === 'promote' || props.act === 'activate') && user.emailVerifiedAt === null && (
          <UnverifiedCheck words={words} errors={errors} />
        )}
        <div class="acts">
          <button type="submit" class="danger">
            {question.button}
          </button>
          <a class="button" href={path}>
            {words.cancel}
          </a>
        </div>
      </form>
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
          {props.frame.words.request} <code>{props.request}</code>
        </p>
      )}
      <a href={props.frame.base || '/'}>{props.frame.words.home}</a>
    </div>
  </Layout>
);
