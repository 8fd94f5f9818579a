/** What needs a fresh proof of who is there asks for it in between, and then goes on (RFC 9470). */
import { AccountsError } from '../../client/index.ts';
import { client } from './account.ts';
import { find } from './dom.ts';
import { onSubmit } from './forms.ts';

/** By what: the second factor where it is on, since the password alone is too little then. */
let proof: 'password' | 'code' = 'password';
export const proveBy = (by: typeof proof): void => {
  proof = by;
};

const dialog = () => find<HTMLDialogElement>('[data-step-up]');

/** Who asked, and closed the dialog: no fault, nothing more to say. */
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

/** Does `work`, after a proof where one is asked for. Throws NotProven if there is none. */
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
  // By the button, or by Escape.
  dialog().addEventListener('close', () => {
    settle?.reject(new NotProven());
    settle = null;
  });
}
