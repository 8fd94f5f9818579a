/** Step-up (RFC 9470): asks the user to reauthenticate when a request requires it, then retries the request. */
import { AccountsError } from '../../client/index.ts';
import { client } from './account.ts';
import { find } from './dom.ts';
import { onSubmit } from './forms.ts';

/** How to reauthenticate: with a code if the second factor is on, as the password alone is not enough then. */
let proof: 'password' | 'code' = 'password';
export const proveBy = (by: typeof proof): void => {
  proof = by;
};

const dialog = () => find<HTMLDialogElement>('[data-step-up]');

/** The user closed the dialog: not an error to show. */
export class NotProven extends Error {}

let settle: { resolve: () => void; reject: (error: Error) => void } | null = null;

function ask(): Promise<void> {
  for (const by of ['password', 'code']) find(`[data-proof=${by}]`).hidden = by !== proof;
  find<HTMLFormElement>('#step-up').reset();
  dialog().showModal();
  find(`#step-up-${proof}`).focus();
  return new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
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

export function prepareStepUp(): void {
  onSubmit('step-up', async (values) => {
    await client.request('POST', '/reauthenticate', { [proof]: values[proof] });
    settle?.resolve();
    settle = null;
    dialog().close();
  });
  find('[data-cancel]').addEventListener('click', () => dialog().close());
  // Closed by the button or by Escape.
  dialog().addEventListener('close', () => {
    settle?.reject(new NotProven());
    settle = null;
  });
}
