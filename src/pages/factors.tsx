/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The second factor in the settings: off, being set up, on. */
import { Field, Form, Submit } from '../http/page-form.tsx';
import type { Frame } from './parts.tsx';

export const FactorsSection = ({ frame }: { frame: Frame }) => {
  const words = frame.words.factors;
  return (
    <section aria-labelledby="factors-title" data-factors>
      <div class="top">
        <h2 id="factors-title" tabindex={-1}>
          {words.title}
        </h2>
        <span class="badge good" data-when="on" hidden>
          {words.on}
        </span>
        <span class="badge" data-when="off" hidden>
          {words.off}
        </span>
      </div>
      <p role="status" data-done="factors" />
      <p role="alert" data-fault="factors" tabindex={-1} />
      <div class="stack" data-when="off" hidden>
        <p>{words.offText}</p>
        <Form id="totp">
          <Submit>{words.setUp}</Submit>
        </Form>
      </div>
      <div class="stack" data-when="setup" hidden>
        <p>{words.scan}</p>
        <img class="qr" data-qr alt={words.qr} width={200} height={200} />
        <p>
          {words.key}: <span class="secret" data-secret />
        </p>
        <Form id="totp-confirm">
          <Field form="totp-confirm" name="code" label={words.code} autocomplete="one-time-code" digits />
          <div class="acts">
            <Submit>{words.confirm}</Submit>
            <button type="button" class="plain" data-cancel-setup>
              {frame.words.stepUp.cancel}
            </button>
          </div>
        </Form>
      </div>
      <div class="stack" data-when="on" hidden>
        <p data-factor-on />
        <div class="acts">
          <Form id="recovery-codes">
            <Submit kind="plain">{words.renew}</Submit>
          </Form>
          <Form id="totp-remove">
            <Submit kind="plain">{words.remove}</Submit>
          </Form>
        </div>
      </div>
      <div class="stack" data-codes hidden>
        <h3 tabindex={-1}>{words.codesTitle}</h3>
        <p>{words.codesText}</p>
        <ul class="codes" data-code-list />
        <div class="acts">
          <button type="button" class="plain" data-copy>
            {words.copy}
          </button>
          <button type="button" data-kept>
            {words.codesKept}
          </button>
        </div>
      </div>
    </section>
  );
};
