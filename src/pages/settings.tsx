/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** `/account/settings`: rendered without user data, which its script loads. */

import { Field, Form, HiddenName, NewPassword, ShowPassword, Submit } from '../http/page-form.tsx';
import { fill } from '../languages/describe.ts';
import { FactorsSection } from './factors.tsx';
import { AccountPage, type Frame } from './parts.tsx';
import { ConnectionsSection, PasskeysSection } from './sign-in-methods.tsx';

const ProfileSection = ({ frame }: { frame: Frame }) => {
  const words = frame.words.settings;
  return (
    <section aria-labelledby="profile-title">
      <h2 id="profile-title">{words.profile}</h2>
      <p role="status" data-done="profile" />
      <Form id="profile">
        <Field form="profile" name="name" label={words.name} autocomplete="name" />
        <Field form="profile" name="username" label={words.username} autocomplete="username" />
        <Submit>{words.save}</Submit>
      </Form>
    </section>
  );
};

/** Hidden by the script if the user has no password. */
const CurrentPassword = ({ frame, form, name }: { frame: Frame; form: string; name: string }) => (
  <div data-password="set">
    <Field
      form={form}
      name={name}
      label={frame.words.settings.currentPassword}
      type="password"
      autocomplete="current-password"
    />
  </div>
);

const EmailSection = ({ frame }: { frame: Frame }) => {
  const words = frame.words.settings;
  return (
    <section aria-labelledby="email-title">
      <h2 id="email-title">{words.emailTitle}</h2>
      <p role="status" data-done="email" />
      <p>
        <strong data-email>{words.noEmail}</strong>{' '}
        <span class="badge good" data-verified hidden>
          {words.verified}
        </span>
        <span class="badge bad" data-unverified hidden>
          {words.unverified}
        </span>
      </p>
      {frame.mail && (
        <>
          <Form id="resend" hidden>
            <Submit kind="plain">{words.resend}</Submit>
          </Form>
          <Form id="email">
            <HiddenName />
            <Field form="email" name="new_email" label={words.newEmail} type="email" autocomplete="email" />
            <CurrentPassword frame={frame} form="email" name="password" />
            <Submit>{words.changeEmail}</Submit>
          </Form>
        </>
      )}
    </section>
  );
};

const PasswordSection = ({ frame }: { frame: Frame }) => {
  const words = frame.words.settings;
  return (
    <section aria-labelledby="password-title">
      <h2 id="password-title" tabindex={-1}>
        {words.passwordTitle}
      </h2>
      <p role="status" data-done="password" />
      <p data-password="none" hidden>
        {words.noPassword}
      </p>
      <Form id="password">
        <HiddenName />
        <CurrentPassword frame={frame} form="password" name="current_password" />
        <NewPassword frame={frame} form="password" name="new_password" label={words.newPassword} />
        <ShowPassword frame={frame} />
        <Submit>{words.changePassword}</Submit>
      </Form>
      <div data-password="set">
        <Form id="password-remove">
          <p class="hint">{words.removePasswordText}</p>
          <Submit kind="plain">{words.removePassword}</Submit>
        </Form>
      </div>
    </section>
  );
};

const SessionsSection = ({ frame }: { frame: Frame }) => {
  const words = frame.words.settings;
  return (
    <section aria-labelledby="sessions-title">
      <h2 id="sessions-title" tabindex={-1}>
        {words.sessionsTitle}
      </h2>
      <p role="status" data-done="sessions" />
      <p role="alert" data-fault="sessions" tabindex={-1} />
      <ul class="rows" data-sessions />
      <template data-session>
        <li>
          <div>
            <strong data-device />{' '}
            <span class="badge" data-current hidden>
              {words.current}
            </span>
            <p class="meta" data-about />
          </div>
          <button type="button" class="plain small" data-end>
            {words.end}
          </button>
        </li>
      </template>
      <Form id="everywhere">
        <Submit kind="plain">{words.endAll}</Submit>
      </Form>
    </section>
  );
};

const DataSections = ({ frame }: { frame: Frame }) => {
  const words = frame.words.settings;
  return (
    <>
      <section aria-labelledby="export-title">
        <h2 id="export-title">{words.exportTitle}</h2>
        <p>{words.exportText}</p>
        <Form id="export">
          <Submit kind="plain">{words.export}</Submit>
        </Form>
      </section>
      <section aria-labelledby="delete-title">
        <h2 id="delete-title">{words.deleteTitle}</h2>
        <p>{words.deleteText}</p>
        <Form id="delete">
          <HiddenName />
          <Field
            form="delete"
            name="confirmation"
            label={<span data-confirmation={words.deleteConfirm}>{words.deleteConfirm}</span>}
            autocomplete="off"
          />
          <CurrentPassword frame={frame} form="delete" name="password" />
          <Submit kind="danger">{words.delete}</Submit>
        </Form>
      </section>
    </>
  );
};

/** The dialog that asks the user to reauthenticate. */
const StepUp = ({ frame }: { frame: Frame }) => {
  const words = frame.words.stepUp;
  return (
    <dialog data-step-up aria-labelledby="step-up-title">
      <h2 id="step-up-title">{words.title}</h2>
      <Form id="step-up">
        <HiddenName />
        <div data-proof="password">
          <Field
            form="step-up"
            name="password"
            label={words.password}
            type="password"
            autocomplete="current-password"
          />
        </div>
        <div data-proof="code" hidden>
          <Field form="step-up" name="code" label={words.code} autocomplete="one-time-code" digits />
        </div>
        <p data-proof="alone" hidden>
          {words.alone}
        </p>
        <div class="acts">
          <div data-proof="typed">
            <Submit>{words.button}</Submit>
          </div>
          <button type="button" data-proof="passkey" hidden>
            {words.passkey}
          </button>
          <button type="button" class="plain" data-proof="again">
            {words.again}
          </button>
          <button type="button" class="plain" data-cancel>
            {words.cancel}
          </button>
        </div>
      </Form>
    </dialog>
  );
};

/** The name of the site to return to: its host, or the scheme of an app without one. */
const siteOf = (url: string, { site, returnTo }: Frame): string =>
  returnTo === null ? site.name : new URL(url).host || new URL(url).protocol.slice(0, -1);

export const SettingsPage = ({ frame }: { frame: Frame }) => {
  const { settings: words, factors, passkeys, connections, ways, script } = frame.words;
  const back = frame.returnTo?.url ?? frame.returnUrl;
  return (
    <AccountPage
      frame={frame}
      page="settings"
      title={words.title}
      words={{
        saved: words.saved,
        resent: words.resent,
        emailSent: words.emailSent,
        changePassword: words.changePassword,
        passwordChanged: words.passwordChanged,
        setPassword: words.setPassword,
        passwordSet: words.passwordSet,
        passwordRemoved: words.passwordRemoved,
        lastUsed: words.lastUsed,
        justNow: words.justNow,
        endNamed: words.endNamed,
        ended: words.ended,
        unknownDevice: words.unknownDevice,
        onSystem: words.onSystem,
        deleteMismatch: words.deleteMismatch,
        switchedOn: factors.switchedOn,
        switchedOff: factors.switchedOff,
        factorOn: factors.onText,
        copied: factors.copied,
        cancelled: ways.cancelled,
        providerFault: ways.providerFault,
        denied: ways.denied,
        exists: ways.exists,
        passkeyAdded: passkeys.added,
        passkeyRemoved: passkeys.removed,
        passkeyThere: passkeys.there,
        removePasskey: passkeys.removeNamed,
        renamePasskey: passkeys.renameNamed,
        since: passkeys.since,
        connected: connections.added,
        disconnected: connections.removed,
        disconnect: connections.removeNamed,
      }}
    >
      <div class="top">
        <h1 tabindex={-1}>{words.title}</h1>
        <button type="button" class="plain small" data-sign-out hidden>
          {words.signOut}
        </button>
      </div>
      {back !== undefined && (
        <p>
          <a href={back}>{fill(script.back, { site: siteOf(back, frame) })}</a>
        </p>
      )}
      <p role="status" data-loading>
        {script.loading}
      </p>
      <p role="alert" data-fault="page" tabindex={-1} />
      <div data-failed hidden>
        <button type="button" class="plain" data-again>
          {script.again}
        </button>
      </div>
      <div class="stack" data-content hidden>
        <ProfileSection frame={frame} />
        <EmailSection frame={frame} />
        <PasswordSection frame={frame} />
        {frame.factors && <FactorsSection frame={frame} />}
        {frame.passkeys && <PasskeysSection frame={frame} />}
        {frame.providers.length > 0 && <ConnectionsSection frame={frame} />}
        <SessionsSection frame={frame} />
        <DataSections frame={frame} />
      </div>
      <StepUp frame={frame} />
    </AccountPage>
  );
};
