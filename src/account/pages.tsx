/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The pages that links in e-mails open. A GET changes nothing: their script (pages/browser/mail-link.ts) posts the token
 * from the link or the text field to the page's own path on a click.
 */
import { Field, Form, HiddenName, NewPassword, ShowPassword, Submit } from '../http/page-form.tsx';
import { mailLinkPages, mailLinkParts } from '../languages/index.ts';
import { MailPage, type MailPageProps } from './mail-page.tsx';

export type MailLinkKind = keyof (typeof mailLinkPages)['en'];

/** Shown if the link has expired. */
const AskAgain = ({ words }: { words: (typeof mailLinkParts)['en'] }) => (
  <section data-again hidden>
    <Form id="again">
      <Field form="again" name="email" label={words.email} type="email" autocomplete="email" />
      <Submit>{words.again}</Submit>
    </Form>
    <p role="status" data-told="again" />
  </section>
);

/** `minLength`: of a password, in characters. */
export function MailLinkPage(props: MailPageProps & { kind: MailLinkKind; minLength: number }) {
  const { kind, minLength, ...frame } = props;
  const words = mailLinkPages[frame.language][kind];
  const common = mailLinkParts[frame.language];
  const passwords = { frame: props, form: 'act', name: 'new_password' };
  return (
    <MailPage
      {...frame}
      name={kind}
      title={words.title}
      script="mail-link.js"
      words={{
        dead: words.dead ?? common.dead,
        proof: common.proof,
        sent: kind === 'verify' ? common.sent_unverified : common.sent,
      }}
      done={words.done}
      next={kind === 'verify' || kind === 'reset' ? 'sign-in' : undefined}
      more={(kind === 'verify' || kind === 'reset') && <AskAgain words={common} />}
    >
      <Form id="act">
        <p>{words.text}</p>
        <p role="status" data-told="act" />
        <div data-part="code" hidden>
          <Field form="act" name="token" label={common.code} autocomplete="off" />
        </div>
        {kind === 'reset' && (
          <>
            <HiddenName />
            <NewPassword {...passwords} label={common.password} />
            <ShowPassword frame={frame} />
          </>
        )}
        {kind === 'verify' && (
          <div class="stack" data-part="proof" hidden>
            <Field
              form="act"
              name="password"
              label={common.chosen}
              type="password"
              autocomplete="current-password"
            />
            <NewPassword {...passwords} label={common.instead} />
            <ShowPassword frame={frame} />
          </div>
        )}
        <Submit kind={kind === 'disown' ? 'danger' : undefined}>{words.button}</Submit>
      </Form>
    </MailPage>
  );
}
