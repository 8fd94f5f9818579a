/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Passkeys and connected accounts in the settings. */
import { Field, Form, Submit } from '../http/page-form.tsx';
import { fill } from '../languages/describe.ts';
import type { Frame } from './parts.tsx';

/** A list that the script fills. `name`: of the section and its row template. */
const Rows = (props: { name: string; none: string; remove: string; rename?: string }) => (
  <>
    <p class="empty" data-none={props.name} hidden>
      {props.none}
    </p>
    <ul class="rows" data-list={props.name} />
    <template data-row={props.name}>
      <li>
        <div>
          <strong data-name />
          <p class="meta" data-about />
        </div>
        {props.rename && (
          <button type="button" class="plain small" data-rename>
            {props.rename}
          </button>
        )}
        <button type="button" class="plain small" data-remove>
          {props.remove}
        </button>
      </li>
    </template>
  </>
);

export const PasskeysSection = ({ frame }: { frame: Frame }) => {
  const { passkeys: words, settings, stepUp } = frame.words;
  return (
    <section aria-labelledby="passkeys-title" data-passkeys>
      <h2 id="passkeys-title" tabindex={-1}>
        {words.title}
      </h2>
      <p role="status" data-done="passkeys" />
      <p role="alert" data-fault="passkeys" tabindex={-1} />
      <p>{words.text}</p>
      <Rows name="passkeys" none={words.none} remove={words.remove} rename={words.rename} />
      <Form id="passkey" hidden>
        <Field form="passkey" name="name" label={words.name} autocomplete="off" />
        <div class="acts">
          <Submit>{settings.save}</Submit>
          <button type="button" class="plain" data-keep-name>
            {stepUp.cancel}
          </button>
        </div>
      </Form>
      <div class="acts">
        <button type="button" data-add-passkey>
          {words.add}
        </button>
      </div>
      <p class="hint" data-no-passkeys hidden>
        {words.unsupported}
      </p>
    </section>
  );
};

export const ConnectionsSection = ({ frame }: { frame: Frame }) => {
  const words = frame.words.connections;
  return (
    <section aria-labelledby="connections-title" data-connections>
      <h2 id="connections-title" tabindex={-1}>
        {words.title}
      </h2>
      <p role="status" data-done="connections" />
      <p role="alert" data-fault="connections" tabindex={-1} />
      <Rows name="connections" none={words.none} remove={words.remove} />
      <div class="acts">
        {frame.providers.map(({ id, name }) => (
          <button type="button" class="plain" data-connect={id} data-name={name}>
            {fill(words.add, { name })}
          </button>
        ))}
      </div>
    </section>
  );
};
