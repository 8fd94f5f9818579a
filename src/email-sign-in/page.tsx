/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The page that the link in the e-mail opens. A GET changes nothing: its script (pages/browser/email-sign-in.ts) posts
 * on a click, stores the tokens where our client looks for them, and asks for a second factor if the user has one.
 */
import { MailPage, type MailPageProps } from '../account/mail-page.tsx';
import { Field, Form, Submit } from '../http/page-form.tsx';
import { emailSignInPage } from '../languages/index.ts';

export function SignInPage(frame: MailPageProps) {
  const words = emailSignInPage[frame.language];
  return (
    <MailPage
      {...frame}
      name="email-sign-in"
      title={words.title}
      script="email-sign-in.js"
      words={{ dead: words.dead, factorWrong: words.factorWrong }}
      done={words.done}
      next="settings"
    >
      <Form id="act">
        <p role="status" data-told="act" />
        <p data-part="link" hidden>
          {words.text}
        </p>
        <div class="stack" data-part="code" hidden>
          <Field form="act" name="email" label={words.email} type="email" autocomplete="email" />
          <Field form="act" name="code" label={words.code} autocomplete="one-time-code" digits />
        </div>
        <div data-part="factor" hidden>
          <Field form="act" name="factor" label={words.factor} autocomplete="one-time-code" />
        </div>
        <Submit>{words.button}</Submit>
        <button type="button" class="link" data-again hidden>
          {words.again}
        </button>
      </Form>
    </MailPage>
  );
}
