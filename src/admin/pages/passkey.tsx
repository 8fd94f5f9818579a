/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The button for a passkey. WebAuthn needs a script: assets/admin/passkey.js shows the form and fills it in. */
import type { Frame } from './parts.tsx';

/** `to` and `options`: paths of the console. `withoutScript`: what users without a script can do instead. */
export const PasskeyForm = (props: {
  frame: Frame;
  to: string;
  options: string;
  label: string;
  withoutScript: string;
  values: Readonly<Record<string, string>>;
}) => {
  const { base, words } = props.frame;
  return (
    <>
      <form
        class="card narrow"
        method="post"
        action={base + props.to}
        data-passkey={base + props.options}
        hidden
      >
        <p
          class="error"
          role="alert"
          data-not-used={words.passkey.notUsed}
          data-throttled={words.throttled}
        />
        <input type="hidden" name="credential" />
        {Object.entries(props.values).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button type="submit">{props.label}</button>
      </form>
      <noscript>
        <p class="dim">{props.withoutScript}</p>
      </noscript>
      <script src={`${base}/passkey.js`} defer />
    </>
  );
};
