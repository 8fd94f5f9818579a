/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The pages that links in e-mails open. A GET changes nothing: the script (assets/static/mail-link.js) posts the token
 * from the link or the text field to the page's own path on a click.
 */
import { fill } from '../languages/describe.ts';
import { mailLinkPages, mailLinkParts } from '../languages/index.ts';
import { PASSWORD_MAX_LENGTH } from '../password/policy.ts';
import { MailPage, type MailPageProps } from './mail-page.tsx';

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

/** Shown if the link has expired. */
const AskAgain = ({ to, sent, words }: { to: string; sent: string; words: (typeof mailLinkParts)['en'] }) => (
  <form id="again" data-to={to} data-sent={sent} hidden>
    <label for="email">{words.email}</label>
    <input id="email" name="email" type="email" autocomplete="email" required />
    <button type="submit">{words.again}</button>
  </form>
);

/** `minLength`: of a password, in characters. */
export function MailLinkPage(props: MailPageProps & { kind: MailLinkKind; minLength: number }) {
  const { kind, minLength, ...frame } = props;
  const { language, mount } = frame;
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
    <MailPage
      {...frame}
      title={words.title}
      script="mail-link.js"
      more={again && <AskAgain to={mount + again.path} sent={again.sent} words={common} />}
    >
      <form
        id="act"
        data-kind={kind}
        data-done={words.done}
        data-dead={words.dead ?? common.dead}
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
    </MailPage>
  );
}
