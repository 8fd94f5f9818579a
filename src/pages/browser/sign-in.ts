/** `/account/sign-in`. */
import { AccountsError } from '../../client/index.ts';
import { answerWithPasskey, hasPasskeys } from '../../client/passkeys.ts';
import { client, goOn, isSignedOut, nameOf, takeNotice } from './account.ts';
import { all, find, ifThere, say, showStep, tell } from './dom.ts';
import { attempt, onSubmit, renew } from './forms.ts';
import { finishProvider, prepareWays } from './ways.ts';

/** The token of a sign-in that waits for its second factor. */
let mfaToken = '';

/** Every way to sign in ends here. */
async function complete(signIn: Promise<unknown>): Promise<void> {
  try {
    await signIn;
  } catch (error) {
    if (!(error instanceof AccountsError) || error.code !== 'mfa_required') throw error;
    mfaToken = String(error.problem.mfa_token);
    const passkey = ifThere('[data-second-passkey]');
    if (passkey) passkey.hidden = !hasPasskeys() || !String(error.problem.methods).includes('passkey');
    tell(find('[data-notice]'), '');
    renew('code');
    renew('recovery');
    showStep('second-factor');
    // A recovery code may have been chosen the last time.
    useCode(true);
    return;
  }
  await goOn();
}

const useCode = (yes: boolean) => {
  find('#code').hidden = !yes;
  find('#recovery').hidden = yes;
  find(yes ? '#code-code' : '#recovery-recovery_code').focus();
};

/** If a user is already signed in, offers to continue or to use another account. */
async function greet(): Promise<void> {
  const user = await client.me().catch(() => null);
  const start = find('[data-step=start]');
  // A late answer does not interrupt a user who is signing in.
  if (!user || start.hidden || start.contains(document.activeElement)) return;
  find('[data-who]').textContent = nameOf(user);
  showStep('signed-in');
}

/** Continues as the user who is shown. Another tab may have signed in somebody else meanwhile: then shows whom. */
async function continueAsShown(): Promise<void> {
  const [shown, name] = [find('[data-who]'), nameOf(await client.me())];
  if (shown.textContent === name) await goOn();
  else shown.textContent = name;
}

export function signInPage(): void {
  const notice = takeNotice();
  if (notice) tell(find('[data-notice]'), say(notice), '');
  onSubmit('password', ({ username = '', password = '' }) => complete(client.logIn({ username, password })), {
    no_active_account: say('wrong'),
  });
  // Also the answer once the second step is over: after five wrong codes, or five minutes.
  const sentences = { code_not_valid: say('factorWrong') };
  onSubmit(
    'code',
    ({ code }) => complete(client.signIn('/login/second-factor', { mfa_token: mfaToken, code })),
    sentences,
  );
  onSubmit(
    'recovery',
    ({ recovery_code }) =>
      complete(client.signIn('/login/second-factor', { mfa_token: mfaToken, recovery_code })),
    sentences,
  );
  const passkey = ifThere<HTMLButtonElement>('[data-second-passkey] button');
  if (passkey) {
    attempt(passkey, find('[data-fault=second-passkey]'), () =>
      complete(answerWithPasskey(client, { mfa_token: mfaToken })),
    );
  }
  ifThere('[data-use=recovery]')?.addEventListener('click', () => useCode(false));
  ifThere('[data-use=code]')?.addEventListener('click', () => useCode(true));
  for (const button of all('[data-use=start]')) button.addEventListener('click', () => showStep('start'));
  attempt(find('[data-continue]'), find('[data-fault=continue]'), () =>
    continueAsShown().catch((error: unknown) => {
      if (!isSignedOut(error)) throw error;
      showStep('start');
    }),
  );
  find('[data-other]').addEventListener('click', () => {
    void client.logOut().catch(() => {});
    showStep('start');
  });
  prepareWays(complete);
  if (!finishProvider(complete)) void greet();
}
