/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Passkeys and connected accounts in the settings. */
import { fill } from '../languages/describe.ts';
import type { Frame } from './parts.tsx';

/** A list that the script fills. `name`: of the section and its row template. */
const Rows = ({ name, none, remove }: { name: string; none: string; remove: string }) => (
  <>
    <p class="empty" data-none={name} hidden>
      {none}
    </p>
    <ul class="rows" data-list={name} />
    <template data-row={name}>
      <li>
        <div>
          <strong data-name />
          <p class="meta" data-about />
        </div>
        <button type="button" class="plain small" data-remove>
          {remove}
        </button>
      </li>
    </template>
  </>
);

export const PasskeysSection = ({ frame }: { frame: Frame }) => {
  const words = frame.words.passkeys;
  return (
    <section aria-labelledby="passkeys-title" data-passkeys>
      <h2 id="passkeys-title" tabindex={-1}>
        {words.title}
      </h2>
      <p role="status" data-done="passkeys" />
      <p role="alert" data-fault="passkeys" tabindex={-1} />
      <p>{words.text}</p>
      <Rows name="passkeys" none={words.none} remove={words.remove} />
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
