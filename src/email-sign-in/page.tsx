/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The page that the link in the e-mail opens. A GET changes nothing: its script (assets/static/email-sign-in.js) posts
 * on a click, stores the tokens where our client looks for them, and asks for a second factor if the user has one.
 */
import { Page } from '../http/page.tsx';
import type { Site } from '../http/site.ts';
import { emailSignInPage, type Language, mailLinkParts } from '../languages/index.ts';

/** `mount`: the path of the account app, below which its static files are. `cookie`: REFRESH_TRANSPORT=cookie. */
export function SignInPage(props: {
  site: Site;
  language: Language;
  mount: string;
  cookie: boolean;
  returnUrl: string | undefined;
}) {
  const { site, language, mount, cookie, returnUrl } = props;
  const words = emailSignInPage[language];
  const { failed, back, script } = mailLinkParts[language];
  return (
    <Page
      title={words.title}
      language={language}
      files={`${mount}/static`}
      site={site}
      script="email-sign-in.js"
      kind="card"
    >
      <h1>{words.title}</h1>
      <form
        id="act"
        data-mount={mount}
        data-cookie={cookie ? '' : undefined}
        data-done={words.done}
        data-dead={words.dead}
        data-failed={failed}
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
      <p role="status" />
      {returnUrl !== undefined && (
        <p data-part="back" hidden>
          <a href={returnUrl}>{back}</a>
        </p>
      )}
      <noscript>
        <p>{script}</p>
      </noscript>
    </Page>
  );
}
