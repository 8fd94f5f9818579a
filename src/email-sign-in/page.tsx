/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The page that the link in the e-mail opens. A GET changes nothing: its script (assets/static/email-sign-in.js) posts
 * on a click, stores the tokens where our client looks for them, and asks for a second factor if the user has one.
 */
import { MailPage, type MailPageProps } from '../account/mail-page.tsx';
import { emailSignInPage } from '../languages/index.ts';

/** `cookie`: REFRESH_TRANSPORT=cookie. */
export function SignInPage({ cookie, ...frame }: MailPageProps & { cookie: boolean }) {
  const words = emailSignInPage[frame.language];
  return (
    <MailPage {...frame} title={words.title} script="email-sign-in.js" imports={['../client.js']}>
      <form
        id="act"
        data-mount={frame.mount}
        data-cookie={cookie ? '' : undefined}
        data-done={words.done}
        data-dead={words.dead}
      >
        <p class="hint" data-part="link" hidden>
          {words.text}
        </p>
        <div data-part="code" hidden>
          <label for="email">{words.email}</label>
          <input id="email" name="email" type="email" autocomplete="email" />
          <label for="code">{words.code}</label>
          <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" />
        </div>
        <div data-part="factor" hidden>
          <label for="factor">{words.factor}</label>
          <input id="factor" name="factor" autocomplete="one-time-code" spellcheck={false} />
        </div>
        <button type="submit">{words.button}</button>
      </form>
    </MailPage>
  );
}
