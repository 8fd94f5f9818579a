/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** `/account/sign-in`, and its second step. */
import { Field, Form, ShowPassword, Submit } from '../http/page-form.tsx';
import { AccountPage, type Frame, pathOf } from './parts.tsx';
import { ByEmail, OtherWays } from './ways.tsx';

const SecondFactor = ({ frame }: { frame: Frame }) => {
  const words = frame.words.secondFactor;
  return (
    <section data-step="second-factor" hidden>
      <h2 tabindex={-1}>{words.title}</h2>
      <Form id="code">
        <p class="hint">{words.text}</p>
        <Field form="code" name="code" label={words.code} autocomplete="one-time-code" digits />
        <Submit>{words.button}</Submit>
        <button type="button" class="link" data-use="recovery">
          {words.useRecovery}
        </button>
      </Form>
      <Form id="recovery" hidden>
        <p class="hint">{words.recoveryText}</p>
        <Field form="recovery" name="recovery_code" label={words.recovery} autocomplete="off" />
        <Submit>{words.button}</Submit>
        <button type="button" class="link" data-use="code">
          {words.useCode}
        </button>
      </Form>
      {frame.passkeys && (
        <div class="stack" data-second-passkey hidden>
          <p role="alert" data-fault="second-passkey" tabindex={-1} />
          <button type="button" class="plain">
            {frame.words.stepUp.passkey}
          </button>
        </div>
      )}
      <button type="button" class="link" data-use="start">
        {words.again}
      </button>
    </section>
  );
};

export const SignInPage = ({ frame }: { frame: Frame }) => {
  const words = frame.words.signIn;
  const { pages } = frame;
  return (
    <AccountPage
      frame={frame}
      page="sign-in"
      title={words.title}
      words={{ ...frame.words.ways, factorWrong: frame.words.secondFactor.wrong }}
    >
      <h1>{words.title}</h1>
      <p role="status" data-notice />
      <section data-step="signed-in" hidden>
        <p>
          {words.signedInAs} <strong data-who />
        </p>
        <p role="alert" data-fault="continue" tabindex={-1} />
        <div class="acts">
          <button type="button" data-continue>
            {words.continue}
          </button>
          <button type="button" class="plain" data-other>
            {words.other}
          </button>
        </div>
      </section>
      <section data-step="start">
        <Form id="password">
          <Field
            form="password"
            name="username"
            label={words.name}
            autocomplete={frame.passkeys ? 'username webauthn' : 'username'}
          />
          <Field
            form="password"
            name="password"
            label={words.password}
            type="password"
            autocomplete="current-password"
          />
          <ShowPassword frame={frame} />
          <Submit>{words.button}</Submit>
          {frame.mail && pages.includes('forgot') && <a href={pathOf(frame, 'forgot')}>{words.forgot}</a>}
        </Form>
        <OtherWays frame={frame} />
      </section>
      {frame.byEmail && <ByEmail frame={frame} />}
      {frame.factors && <SecondFactor frame={frame} />}
      {frame.signUp !== 'closed' && pages.includes('sign-up') && (
        <p>
          {words.new} <a href={pathOf(frame, 'sign-up')}>{words.signUp}</a>
        </p>
      )}
    </AccountPage>
  );
};
