/** Ways to sign in without the password. */
import { client } from './account.ts';
import { all, find, ifThere, say, showStep, tell } from './dom.ts';
import { onSubmit, showFaultAt } from './forms.ts';
import { hasAutofill, hasPasskeys, isCancelled, usePasskey } from './passkey.ts';
import { comeBack, goToProvider, providerFaultMessage } from './providers.ts';

type Complete = (signIn: Promise<unknown>) => Promise<void>;

function showWayFault(error: unknown): void {
  const fault = find('[data-fault=ways]');
  if (!isCancelled(error)) showFaultAt(fault, error);
  else {
    fault.textContent = say('cancelled');
    fault.focus();
  }
}

/** Only one passkey request at a time: the button aborts the one in the name field. */
let waiting = new AbortController();

async function byPasskey(autofill: boolean): Promise<void> {
  waiting.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const options = await client.request<Record<string, unknown>>('POST', '/login/passkey/options', {});
  const credential = await usePasskey(options, { autofill, signal });
  // Aborted by the other request meanwhile.
  signal.throwIfAborted();
  const button = find<HTMLButtonElement>('[data-passkey]');
  button.disabled = true;
  await client.signIn('/login/passkey', { credential }).finally(() => {
    button.disabled = false;
  });
}

function preparePasskeys(complete: Complete): void {
  const button = ifThere<HTMLButtonElement>('[data-passkey]');
  if (!button || !hasPasskeys()) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    complete(byPasskey(false)).catch(showWayFault);
  });
  void hasAutofill().then((isThere) => {
    // If the user chooses none and signs in another way, no error is shown.
    if (isThere) complete(byPasskey(true)).catch((error) => isCancelled(error) || showWayFault(error));
  });
}

function prepareEmail(complete: Complete): void {
  let email = '';
  ifThere('[data-use=email]')?.addEventListener('click', () => showStep('email'));
  onSubmit('email', async (values) => {
    email = values.email ?? '';
    await client.request('POST', '/login/email', { email });
    find('#email').hidden = true;
    find('#email-code').hidden = false;
    tell(find('[data-code-sent]'), say('codeSent', { email: email.trim() }), '');
    find('#email-code-code').focus();
  });
  onSubmit('email-code', ({ code }) => complete(client.signIn('/login/email/confirm', { email, code })));
}

export function prepareWays(complete: Complete): void {
  if (!ifThere('[data-ways]')) return;
  preparePasskeys(complete);
  prepareEmail(complete);
  for (const button of all('[data-provider]')) {
    button.addEventListener('click', () => {
      goToProvider(button.dataset.provider ?? '').catch(showWayFault);
    });
  }
}

/** After a provider's redirect: completes the sign-in. False if this is not one. */
export function finishProvider(complete: Complete): boolean {
  const came = ifThere('[data-ways]') && comeBack();
  if (!came) return false;
  if ('error' in came) find('[data-fault=ways]').textContent = providerFaultMessage(came.error);
  else complete(client.signIn('/login/exchange', came)).catch(showWayFault);
  return true;
}
