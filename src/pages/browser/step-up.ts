/** Step-up (RFC 9470): asks the user to reauthenticate when a request requires it, then retries the request. */
import { AccountsError } from '../../client/index.ts';
import { hasPasskeys, isCancelled, reauthenticateWithPasskey } from '../../client/passkeys.ts';
import { client, leaveFor } from './account.ts';
import { find, ifThere, page, say } from './dom.ts';
import { NotProven, onSubmit, showFaultAt } from './forms.ts';

/** How to reauthenticate: with a code if the second factor is on, as the password alone is not enough then. */
let proof: 'password' | 'code' = 'password';
export const proveBy = (by: typeof proof): void => {
  proof = by;
};

const dialog = () => find<HTMLDialogElement>('[data-step-up]');

/** A passkey is always enough. */
export const offerPasskey = (yes: boolean): void => {
  const button = ifThere('[data-prove-passkey]');
  if (button) button.hidden = !yes || !hasPasskeys();
};

let settle: { resolve: () => void; reject: (error: Error) => void } | null = null;

function ask(): Promise<void> {
  for (const by of ['password', 'code']) find(`[data-proof=${by}]`).hidden = by !== proof;
  find<HTMLFormElement>('#step-up').reset();
  find('[data-fault]', dialog()).textContent = '';
  dialog().showModal();
  find(`#step-up-${proof}`).focus();
  return new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
}

function proven(): void {
  settle?.resolve();
  settle = null;
  dialog().close();
}

/** Runs `work`, and again after reauthentication if that is required. Throws NotProven if the user cancels. */
export async function withProof<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AccountsError) || error.code !== 'reauthentication_required') throw error;
  }
  await ask();
  return work();
}

function proveByPasskey(): void {
  reauthenticateWithPasskey(client).then(proven, (error: unknown) => {
    const fault = find('[data-fault]', dialog());
    if (!isCancelled(error)) return showFaultAt(fault, error);
    fault.textContent = say('cancelled');
    fault.focus();
  });
}

export function prepareStepUp(): void {
  onSubmit('step-up', async (values) => {
    await client.request('POST', '/reauthenticate', { [proof]: values[proof] });
    proven();
  });
  ifThere('[data-prove-passkey]')?.addEventListener('click', proveByPasskey);
  // For users who have neither a password nor a passkey: a new sign-in is a recent one.
  const again = find('[data-sign-in-again]');
  again.hidden = page.dataset.signIn === undefined;
  again.addEventListener('click', () => {
    client.logOut().then(
      () => leaveFor('signedOut'),
      (error: unknown) => showFaultAt(find('[data-fault]', dialog()), error),
    );
  });
  find('[data-cancel]').addEventListener('click', () => dialog().close());
  // Closed by the button or by Escape.
  dialog().addEventListener('close', () => {
    settle?.reject(new NotProven());
    settle = null;
  });
}
