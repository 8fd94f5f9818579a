/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Components of the account pages. Scripts find elements by `data-` attributes (browser/dom.ts). */
import type { Child } from 'hono/jsx';
import { Page } from '../http/page.tsx';
import type { Site } from '../http/site.ts';
import { fill } from '../languages/describe.ts';
import type { accountPages, Language, mailLinkParts } from '../languages/index.ts';
import { PASSWORD_MAX_LENGTH } from '../password/policy.ts';
import type { PageName } from '../setting-parsers.ts';

export type PageWords = (typeof accountPages)[Language];

/** What every page receives: the language, the site and the features that are on. */
export interface Frame {
  site: Site;
  language: Language;
  words: PageWords;
  /** Texts of the pages for links in e-mails, which include the password rules. */
  mailWords: (typeof mailLinkParts)[Language];
  mount: string;
  /** The query of links to other pages, with the URL to return to. */
  query: string;
  pages: readonly PageName[];
  cookie: boolean;
  signUp: 'open' | 'verify' | 'closed';
  mail: boolean;
  factors: boolean;
  passkeys: boolean;
  byEmail: boolean;
  providers: readonly { id: string; name: string }[];
  minLength: number;
  returnUrl: string | undefined;
  /** The app that sent the user here. */
  returnTo: ReturnTo | null;
}

/** `challenge`: the app's PKCE challenge, to exchange the code for a session. Null if the app needs no code. */
export interface ReturnTo {
  url: string;
  challenge: string | null;
}

export const pathOf = ({ mount, query }: Frame, page: PageName): string => `${mount}/${page}${query}`;

/** Where a sign-in leads without `return_to`. */
const nextOf = (frame: Frame): string =>
  frame.pages.includes('settings') ? pathOf(frame, 'settings') : (frame.returnUrl ?? '/');

/** Where the script sends users who are not signed in. From the settings they return to the settings, not to the application. */
function signInOf(frame: Frame, page: PageName): string | undefined {
  if (!frame.pages.includes('sign-in')) return undefined;
  return page === 'settings' ? `${frame.mount}/sign-in` : pathOf(frame, 'sign-in');
}

/** Of every page script; see scripts/build-pages.ts. */
const IMPORTS = ['pages-shared.js', '../client.js', '../client/passkeys.js'];

/** The layout of a page. `words`: messages for its script, in addition to the common ones. */
export function AccountPage(props: {
  frame: Frame;
  page: PageName;
  title: string;
  words?: Readonly<Record<string, string>>;
  children?: Child;
}) {
  const { frame, page } = props;
  const { script } = frame.words;
  return (
    <Page
      title={props.title}
      language={frame.language}
      files={`${frame.mount}/static`}
      site={frame.site}
      script={page === 'settings' ? 'settings.js' : 'pages.js'}
      imports={IMPORTS}
      kind={page === 'settings' ? 'wide' : 'card'}
    >
      <div
        id="page"
        class="stack"
        data-page={page}
        data-mount={frame.mount}
        data-cookie={frame.cookie ? '' : undefined}
        data-sign-in={signInOf(frame, page)}
        data-next={nextOf(frame)}
        data-return-to={frame.returnTo?.url}
        data-challenge={frame.returnTo?.challenge ?? undefined}
        data-words={JSON.stringify({ ...script, ...props.words })}
      >
        <p role="alert" data-offline hidden>
          {script.offline}
        </p>
        {props.children}
        <noscript>
          <p class="note">{script.needed}</p>
        </noscript>
      </div>
    </Page>
  );
}

/** A form that is submitted by a script. General errors are shown on top. */
export const Form = (props: { id: string; hidden?: boolean; children?: Child }) => (
  <form id={props.id} novalidate hidden={props.hidden}>
    <p role="alert" data-fault tabindex={-1} />
    {props.children}
  </form>
);

interface FieldProps {
  form: string;
  name: string;
  label: Child;
  type?: 'text' | 'email' | 'password';
  autocomplete: string;
  hint?: string | undefined;
  /** Shows the numeric keyboard, for codes. */
  digits?: boolean;
}

export function Field({ form, name, label, type = 'text', autocomplete, hint, digits }: FieldProps) {
  const id = `${form}-${name}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        autocomplete={autocomplete}
        aria-describedby={hint ? `${id}-hint ${id}-fault` : `${id}-fault`}
        maxlength={type === 'password' ? PASSWORD_MAX_LENGTH : undefined}
        inputmode={digits ? 'numeric' : undefined}
        spellcheck={false}
        autocapitalize="none"
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <p class="error" id={`${id}-fault`} data-fault-of={name} />
    </div>
  );
}

/** A field for a new password, with the password rules. */
export const NewPassword = ({
  frame,
  form,
  name,
  label,
}: {
  frame: Frame;
  form: string;
  name: string;
  label: string;
}) => (
  <Field
    form={form}
    name={name}
    label={label}
    type="password"
    autocomplete="new-password"
    hint={fill(frame.mailWords.rules, { min: frame.minLength })}
  />
);

export const ShowPassword = ({ frame }: { frame: Frame }) => (
  <label class="check">
    <input type="checkbox" data-show /> {frame.words.script.show}
  </label>
);

/** For password managers, which store a password with a username. */
export const HiddenName = () => (
  <input class="unseen" name="username" autocomplete="username" tabindex={-1} />
);

export const Submit = (props: { kind?: 'plain' | 'danger'; children?: Child }) => (
  <button type="submit" class={props.kind}>
    {props.children}
  </button>
);
