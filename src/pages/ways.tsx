/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Ways to sign in without the password: passkeys, providers, a code by e-mail. Renders only those that are on. */

import { Field, Form, Submit } from '../http/page-form.tsx';
import { fill } from '../languages/describe.ts';
import type { Frame } from './parts.tsx';

const hasWays = ({ passkeys, byEmail, providers }: Frame) => passkeys || byEmail || providers.length > 0;

export const OtherWays = ({ frame }: { frame: Frame }) => {
  const words = frame.words.ways;
  if (!hasWays(frame)) return null;
  return (
    <div class="stack" data-ways>
      <p class="or">{words.or}</p>
      <p role="alert" data-fault="ways" tabindex={-1} />
      {frame.passkeys && (
        <button type="button" class="plain" data-passkey hidden>
          {words.passkey}
        </button>
      )}
      {frame.byEmail && (
        <button type="button" class="plain" data-use="email">
          {words.byEmail}
        </button>
      )}
      <Providers frame={frame} />
    </div>
  );
};

const Providers = ({ frame }: { frame: Frame }) => (
  <>
    {frame.providers.map(({ id, name }) => (
      <button type="button" class="plain" data-provider={id}>
        {fill(frame.words.ways.provider, { name })}
      </button>
    ))}
  </>
);

/** On the sign-up page. The provider returns to the sign-in page. */
export const SignUpWays = ({ frame }: { frame: Frame }) =>
  frame.providers.length > 0 && frame.pages.includes('sign-in') ? (
    <div class="stack">
      <p class="or">{frame.words.ways.or}</p>
      <p role="alert" data-fault="ways" tabindex={-1} />
      <Providers frame={frame} />
    </div>
  ) : null;

export const ByEmail = ({ frame }: { frame: Frame }) => {
  const { ways: words, signIn } = frame.words;
  return (
    <section data-step="email" hidden>
      <Form id="email">
        <Field form="email" name="email" label={signIn.email} type="email" autocomplete="email" />
        <Submit>{words.send}</Submit>
      </Form>
      <Form id="email-code" hidden>
        <p role="status" data-code-sent />
        <Field form="email-code" name="code" label={words.code} autocomplete="one-time-code" digits />
        <Submit>{words.button}</Submit>
        <button type="button" class="link" data-use="email">
          {words.again}
        </button>
      </Form>
      <button type="button" class="link" data-use="start">
        {words.byPassword}
      </button>
    </section>
  );
};
