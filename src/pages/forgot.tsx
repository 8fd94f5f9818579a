/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** `/account/forgot`. The link that it sends opens a page of account/pages.tsx. */
import { Field, Form, Submit } from '../http/page-form.tsx';
import { AccountPage, type Frame, pathOf } from './parts.tsx';

export const ForgotPage = ({ frame }: { frame: Frame }) => {
  const words = frame.words.forgot;
  return (
    <AccountPage frame={frame} page="forgot" title={words.title}>
      <h1>{words.title}</h1>
      <section data-step="start">
        <p>{words.text}</p>
        <Form id="forgot">
          <Field form="forgot" name="email" label={words.email} type="email" autocomplete="email" />
          <Submit>{words.button}</Submit>
        </Form>
      </section>
      <section data-step="sent" hidden>
        <p role="status" class="good" tabindex={-1}>
          {words.sent}
        </p>
      </section>
      {frame.pages.includes('sign-in') && (
        <p>
          <a href={pathOf(frame, 'sign-in')}>{words.back}</a>
        </p>
      )}
    </AccountPage>
  );
};
