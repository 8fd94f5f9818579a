/** Ways to sign in without the password. */
import { autofill, hasPasskeys, signInWithPasskey } from '../../client/passkeys.ts';
import { client } from './account.ts';
import { all, find, ifThere, say, showStep, tell } from './dom.ts';
import { attempt, onSubmit, renew, showFaultAt } from './forms.ts';
import { comeBack, goToProvider, providerFaultMessage } from './providers.ts';

type Complete = (signIn: Promise<unknown>) => Promise<void>;

const place = () => find('[data-fault=ways]');
const showWayFault = (error: unknown): void => showFaultAt(place(), error);

function preparePasskeys(complete: Complete): void {
  const button = ifThere<HTMLButtonElement>('[data-passkey]');
  if (!button || !hasPasskeys()) return;
  // If the user chooses none, or the browser cannot offer any, no error is shown: nobody has asked for it.
  const wait = () =>
    autofill(client)
      .then((tokens) => tokens && complete(Promise.resolve(tokens)))
      .catch((error) => error instanceof DOMException || showWayFault(error));
  button.hidden = false;
  attempt(button, place(), () =>
    complete(signInWithPasskey(client)).catch((error) => {
      void wait();
      throw error;
    }),
  );
  void wait();
}

function prepareEmail(complete: Complete): void {
  let email = '';
  const showForm = (id: 'email' | 'email-code') => {
    find('#email').hidden = id !== 'email';
    find('#email-code').hidden = id !== 'email-code';
  };
  for (const button of all('[data-use=email]')) {
    button.addEventListener('click', () => {
      // The address may have been mistyped the first time.
      showForm('email');
      showStep('email');
    });
  }
  onSubmit('email', async (values) => {
    email = values.email ?? '';
    await client.request('POST', '/login/email', { email });
    renew('email-code');
    showForm('email-code');
    tell(find('[data-code-sent]'), say('codeSent', { email: email.trim() }), '');
    find('#email-code-code').focus();
  });
  onSubmit('email-code', ({ code }) => complete(client.signIn('/login/email/confirm', { email, code })), {
    code_not_valid: say('codeWrong'),
  });
}

export function prepareWays(complete: Complete): void {
  if (!ifThere('[data-ways]')) return;
  preparePasskeys(complete);
  prepareEmail(complete);
  prepareProviders();
}

/** Back to this page, or to `returnTo`. */
export function prepareProviders(returnTo?: string): void {
  for (const button of all('[data-provider]')) {
    button.addEventListener('click', () => {
      goToProvider(button.dataset.provider ?? '', returnTo).catch(showWayFault);
    });
  }
}

/** After a provider's redirect: completes the sign-in. False if this is not one. */
export function finishProvider(complete: Complete): boolean {
  const came = ifThere('[data-ways]') && comeBack();
  if (!came) return false;
  if ('error' in came) {
    place().textContent = providerFaultMessage(came.error);
    place().focus();
  } else complete(client.signIn('/login/exchange', came)).catch(showWayFault);
  return true;
}
