/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The pages on which staff set up their own authenticator app: introduction, QR code, recovery codes. */

import { Faults } from './faults.tsx';
import { Layout } from './layout.tsx';
import { Field, type FormErrors, type Frame } from './parts.tsx';
import { PasskeyForm } from './passkey.tsx';

const path = (frame: Frame) => `${frame.base}/second-factor`;

/** `password`: asks for it, as the log-in is too long ago. `byPasskey`: the user has one, which is enough. */
export const SetUpPage = (props: {
  frame: Frame;
  isOn: boolean;
  isRequired: boolean;
  byPasskey: boolean;
  password: boolean;
  errors?: FormErrors | undefined;
}) => {
  const { words } = props.frame;
  const label = words.secondFactor;
  return (
    <Layout frame={props.frame} title={label.title}>
      {props.isOn ? (
        <div class="card narrow">
          <p>{label.on}</p>
          <a href={props.frame.base || '/'}>{words.home}</a>
        </div>
      ) : (
        <form class="card narrow" method="post" action={path(props.frame)}>
          <Faults words={words} errors={props.errors} />
          {props.isRequired && <p>{label.required}</p>}
          <p>{label.about}</p>
          {props.password && (
            <Field
              name="password"
              label={label.password}
              type="password"
              errors={props.errors}
              autocomplete="current-password"
              required
              autofocus
            />
          )}
          <button type="submit" class="primary">
            {label.start}
          </button>
        </form>
      )}
      {props.byPasskey && (
        <PasskeyForm
          frame={props.frame}
          to="/second-factor/passkey"
          options="/second-factor/passkey/options"
          label={words.passkey.yours}
          withoutScript={words.passkey.appWithoutScript}
          values={{}}
        />
      )}
    </Layout>
  );
};

/** `secret`, `qr`: null if they were already shown. */
export const ConfirmFactorPage = (props: {
  frame: Frame;
  secret: string | null;
  qr: string | null;
  errors?: FormErrors | undefined;
}) => {
  const { words } = props.frame;
  const label = words.secondFactor;
  return (
    <Layout frame={props.frame} title={label.title}>
      <form class="card narrow" method="post" action={`${path(props.frame)}/confirm`}>
        <Faults words={words} errors={props.errors} />
        {props.qr !== null && (
          <>
            <p>{label.scan}</p>
            <img
              src={`data:image/svg+xml,${encodeURIComponent(props.qr)}`}
              alt={label.scan}
              width={200}
              height={200}
            />
            <p>
              {label.orType} <code>{props.secret}</code>
            </p>
          </>
        )}
        <Field
          name="code"
          label={label.code}
          errors={props.errors}
          inputmode="numeric"
          autocomplete="one-time-code"
          required
          autofocus
        />
        <button type="submit" class="primary">
          {label.confirm}
        </button>
        <a href={path(props.frame)}>{words.startAgain}</a>
      </form>
    </Layout>
  );
};

export const RecoveryCodesPage = (props: { frame: Frame; codes: readonly string[] }) => {
  const { words } = props.frame;
  const label = words.secondFactor;
  return (
    <Layout frame={props.frame} title={label.codesTitle}>
      <div class="card narrow">
        <p>{label.codes}</p>
        <ul>
          {props.codes.map((code) => (
            <li>
              <code>{code}</code>
            </li>
          ))}
        </ul>
        <a class="button primary" href={props.frame.base || '/'}>
          {words.continue}
        </a>
      </div>
    </Layout>
  );
};
