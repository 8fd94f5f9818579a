/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** `/account/sign-up`, depending on SIGN_UP. */
import { Field, Form, NewPassword, ShowPassword, Submit } from '../http/page-form.tsx';
import { AccountPage, type Frame, pathOf } from './parts.tsx';
import { SignUpWays } from './ways.tsx';

export const SignUpPage = ({ frame }: { frame: Frame }) => {
  const words = frame.words.signUp;
  return (
    <AccountPage frame={frame} page="sign-up" title={words.title} words={{ sentText: words.sentText }}>
      <h1>{words.title}</h1>
      {frame.signUp === 'closed' ? (
        <p class="note">{words.closed}</p>
      ) : (
        <section data-step="start">
          <Form id="sign-up">
            <Field form="sign-up" name="name" label={words.name} autocomplete="name" />
            {/* Password managers take the field before the password for the username. */}
            <Field form="sign-up" name="email" label={words.email} type="email" autocomplete="email" />
            <NewPassword frame={frame} form="sign-up" name="password" label={words.password} />
            <ShowPassword frame={frame} />
            <Submit>{words.button}</Submit>
          </Form>
          <SignUpWays frame={frame} />
        </section>
      )}
      <section data-step="sent" hidden>
        <h2 tabindex={-1}>{words.sent}</h2>
        <p data-sent />
      </section>
      {frame.pages.includes('sign-in') && (
        <p>
          {words.have} <a href={pathOf(frame, 'sign-in')}>{words.signIn}</a>
        </p>
      )}
    </AccountPage>
  );
};
