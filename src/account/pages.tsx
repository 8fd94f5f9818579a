/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The pages that links in e-mails open. A GET changes nothing: the script (assets/static/mail-link.js) posts the token
 * from the link or the text field to the page's own path on a click.
 */
import { Page } from '../http/page.tsx';
import type { Site } from '../http/site.ts';
import { fill } from '../languages/describe.ts';
import { type Language, mailLinkPages, mailLinkParts } from '../languages/index.ts';
import { PASSWORD_MAX_LENGTH } from '../password/policy.ts';

export type MailLinkKind = keyof (typeof mailLinkPages)['en'];

function PasswordField(props: { name: string; label: string; autocomplete: string }) {
  const { name, label, autocomplete } = props;
  return (
    <>
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        type="password"
        autocomplete={autocomplete}
        maxlength={PASSWORD_MAX_LENGTH}
      />
    </>
  );
}

/** `mount`: the path of the account app, below which its static files are. `minLength`: of a password, in characters. */
export function MailLinkPage(props: {
  kind: MailLinkKind;
  site: Site;
  language: Language;
  mount: string;
  minLength: number;
  returnUrl?: string | undefined;
}) {
  const { kind, site, language, mount, minLength, returnUrl } = props;
  const words = mailLinkPages[language][kind];
  const common = mailLinkParts[language];
  const again = {
    reset: { path: '/password/reset', sent: common.sent },
    verify: { path: '/email/verify/resend', sent: common.sent_unverified },
    disown: null,
    take_back: null,
  }[kind];
  const rules = <p class="hint">{fill(common.rules, { min: minLength })}</p>;
  const show = (
    <label class="check">
      <input type="checkbox" data-show /> {common.show}
    </label>
  );
  return (
    <Page
      title={words.title}
      language={language}
      files={`${mount}/static`}
      site={site}
      script="mail-link.js"
      kind="card"
    >
      <h1>{words.title}</h1>
      <form
        id="act"
        data-kind={kind}
        data-done={words.done}
        data-dead={words.dead ?? common.dead}
        data-failed={common.failed}
        data-proof={common.proof}
        data-next={`${mount}/password/reset/confirm`}
        data-check={`${mount}/password/reset/check`}
      >
        <p class="hint">{words.text}</p>
        <div data-part="code" hidden>
          <label for="token">{common.code}</label>
          <input id="token" name="token" autocomplete="off" spellcheck={false} />
        </div>
        {kind === 'reset' && (
          <>
            {/* For password managers, which store a password with a username. */}
            <input class="unseen" name="username" autocomplete="username" />
            <PasswordField name="new_password" label={common.password} autocomplete="new-password" />
            {rules}
            {show}
          </>
        )}
        {kind === 'verify' && (
          <div data-part="proof" hidden>
            <PasswordField name="password" label={common.chosen} autocomplete="current-password" />
            <PasswordField name="new_password" label={common.instead} autocomplete="new-password" />
            {rules}
            {show}
          </div>
        )}
        <button type="submit">{words.button}</button>
      </form>
      <p role="status" />
      {again && (
        <form
          id="again"
          data-to={mount + again.path}
          data-sent={again.sent}
          data-failed={common.failed}
          hidden
        >
          <label for="email">{common.email}</label>
          <input id="email" name="email" type="email" autocomplete="email" required />
          <button type="submit">{common.again}</button>
        </form>
      )}
      {returnUrl !== undefined && (
        <p data-part="back" hidden>
          <a href={returnUrl}>{common.back}</a>
        </p>
      )}
      <noscript>
        <p>{common.script}</p>
      </noscript>
    </Page>
  );
}
