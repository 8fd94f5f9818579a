/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The log-in page, its second step, and the error page. */

import { Faults } from './faults.tsx';
import { Layout } from './layout.tsx';
import { type ConsoleWords, Field, type FormErrors, type Frame } from './parts.tsx';
import { PasskeyForm } from './passkey.tsx';

/** The period of every rate limit: console.css counts down from it without a script. The text above it says the same. */
const COUNTED_SECONDS = 60;

const Countdown = ({ words, seconds }: { words: ConsoleWords; seconds: number | undefined }) =>
  seconds === COUNTED_SECONDS ? (
    <div>
      <p class="countdown" aria-hidden="true">
        {words.secondsLeft}{' '}
      </p>
      <p class="countdown-over" role="status">
        {words.tryAgain}
      </p>
    </div>
  ) : null;

/** The second step of a log-in, with a link back to the first one if its token is void. */
export const SecondFactorPage = (props: {
  frame: Frame;
  next: string;
  mfaToken: string;
  byPasskey: boolean;
  errors?: FormErrors | undefined;
  retryAfter?: number;
}) => {
  const { words, base } = props.frame;
  return (
    <Layout frame={props.frame} title={words.logIn}>
      <form class="card narrow" method="post" action={`${base}/login/second-factor`}>
        <Faults words={words} errors={props.errors} />
        <Countdown words={words} seconds={props.retryAfter} />
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
        {props.byPasskey && <input type="hidden" name="has_passkey" value="true" />}
        <button type="submit" class="primary">
          {words.logIn}
        </button>
        <a href={`${base}/login`}>{words.startAgain}</a>
      </form>
      {props.byPasskey && (
        <PasskeyForm
          frame={props.frame}
          to="/login/second-factor"
          options="/login/passkey/options"
          label={words.passkey.instead}
          withoutScript={words.passkey.codeWithoutScript}
          values={{ mfa_token: props.mfaToken, next: props.next, has_passkey: 'true' }}
        />
      )}
    </Layout>
  );
};

export const LogInPage = (props: {
  frame: Frame;
  next: string;
  name: string;
  byPasskey: boolean;
  errors?: FormErrors | undefined;
  retryAfter?: number;
}) => {
  const { words } = props.frame;
  return (
    <Layout frame={props.frame} title={words.logIn}>
      <form class="card narrow" method="post" action={`${props.frame.base}/login`}>
        <Faults words={words} errors={props.errors} />
        <Countdown words={words} seconds={props.retryAfter} />
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
      {props.byPasskey && (
        <PasskeyForm
          frame={props.frame}
          to="/login/passkey"
          options="/login/passkey/options"
          label={words.passkey.logIn}
          withoutScript={words.passkey.passwordWithoutScript}
          values={{ next: props.next }}
        />
      )}
      <p class="dim">{words.staffOnly}</p>
    </Layout>
  );
};

/** `request`: its id, if the log has details. */
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
