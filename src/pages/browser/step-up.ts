/** Step-up (RFC 9470): asks the user to reauthenticate when a request requires it, then retries the request. */
import { AccountsError } from '../../client/index.ts';
import { hasPasskeys, reauthenticateWithPasskey } from '../../client/passkeys.ts';
import { client, leaveFor } from './account.ts';
import { all, find, page } from './dom.ts';
import { attempt, NotProven, onSubmit } from './forms.ts';

/** How the user can reauthenticate. With a second factor the password alone is not enough. */
const proofs = { password: false, code: false, passkey: false };
export const proveBy = (has: Partial<typeof proofs>): void => {
  Object.assign(proofs, has);
};

const dialog = () => find<HTMLDialogElement>('[data-step-up]');

/** What the user types; null if there is nothing to type. */
const typed = (): 'code' | 'password' | null => (proofs.code ? 'code' : proofs.password ? 'password' : null);

let settle: { resolve: () => void; reject: (error: Error) => void } | null = null;

/** One dialog for all requests that wait for it. */
let asked: Promise<void> | null = null;
function ask(): Promise<void> {
  asked ??= showDialog().finally(() => {
    asked = null;
  });
  return asked;
}

function showDialog(): Promise<void> {
  const by = typed();
  const byPasskey = proofs.passkey && hasPasskeys();
  const shown: Record<string, boolean> = {
    password: by === 'password',
    code: by === 'code',
    typed: by !== null,
    passkey: byPasskey,
    alone: by === null && !byPasskey,
    again: page.dataset.signIn !== undefined,
  };
  for (const part of all('[data-proof]', dialog())) part.hidden = shown[part.dataset.proof ?? ''] !== true;
  // One button is the main one.
  find('button[data-proof=passkey]').className = by ? 'plain' : '';
  const form = find<HTMLFormElement>('#step-up');
  form.reset();
  find('[data-fault]', form).textContent = '';
  dialog().showModal();
  (by ? find(`#step-up-${by}`) : all('button', form).find((button) => button.offsetParent !== null))?.focus();
  return new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
}

/** The only error is a missing password. */
const isMissingPassword = ({ errors }: AccountsError): boolean =>
  Object.keys(errors).length > 0 &&
  Object.entries(errors).every(
    ([field, faults]) =>
      /^(current_)?password$/.test(field) && faults.every(({ code }) => code === 'required'),
  );

/** Runs `work`, and again after reauthentication if that is required. Throws NotProven if the user cancels. */
export async function withProof<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AccountsError)) throw error;
    if (error.code !== 'reauthentication_required' && !isMissingPassword(error)) throw error;
  }
  await ask();
  return work();
}

function proven(): void {
  settle?.resolve();
  settle = null;
  dialog().close();
}

export function prepareStepUp(): void {
  onSubmit('step-up', async (values) => {
    const by = typed();
    if (by === null) return;
    await client.request('POST', '/reauthenticate', { [by]: values[by] });
    proven();
  });
  const fault = find('[data-fault]', dialog());
  const passkey = find<HTMLButtonElement>('[data-proof=passkey]', dialog());
  attempt(passkey, fault, async () => {
    await reauthenticateWithPasskey(client);
    proven();
  });
  // For users with a connected account or e-mail codes only: a new sign-in is proof too.
  attempt(find<HTMLButtonElement>('button[data-proof=again]', dialog()), fault, async () => {
    await client.logOut().catch(() => {});
    leaveFor('proveAgain');
  });
  find('[data-cancel]').addEventListener('click', () => dialog().close());
  // Closed by the button or by Escape.
  dialog().addEventListener('close', () => {
    settle?.reject(new NotProven());
    settle = null;
  });
}
