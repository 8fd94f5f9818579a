/** The script of the settings page; `npm run build:assets` builds assets/static/settings.js from it. */
import type { User } from '../../client/index.ts';
import { client, isSignedOut, leaveFor, leaveSignedOut, nameOf } from './account.ts';
import { all, find, ifThere, page, say, tellDone } from './dom.ts';
import { loadFactors, prepareFactors } from './factors.ts';
import { fieldFault, onSubmit, prepare, showFaultAt } from './forms.ts';
import { loadPassword, orNone, preparePassword } from './password.ts';
import { loadSessions, prepareSessions } from './sessions.ts';
import { finishConnection, loadMethods, prepareMethods } from './sign-in-methods.ts';
import { prepareStepUp, withProof } from './step-up.ts';

const isCookie = page.dataset.cookie !== undefined;

/** Whose settings are shown. */
let shown: User | undefined;

function showUser(user: User): void {
  shown = user;
  find<HTMLInputElement>('#profile-name').value = user.name ?? '';
  find<HTMLInputElement>('#profile-username').value = user.username ?? '';
  if (user.email !== null) find('[data-email]').textContent = user.email;
  find('[data-verified]').hidden = user.email === null || !user.email_verified;
  find('[data-unverified]').hidden = user.email === null || user.email_verified;
  const resend = ifThere('#resend');
  if (resend) resend.hidden = user.email === null || user.email_verified;
  const confirmation = find('[data-confirmation]');
  confirmation.textContent = (confirmation.dataset.confirmation ?? '').replace('{name}', nameOf(user));
  // The default, which a reset of the form keeps.
  for (const input of all<HTMLInputElement>('input.unseen')) input.defaultValue = nameOf(user);
}

/** Loads everything before anything is shown. */
async function load(): Promise<void> {
  const [loading, failed] = [find('[data-loading]'), find('[data-failed]')];
  loading.hidden = false;
  failed.hidden = true;
  find('[data-fault=page]').textContent = '';
  // The cookie is not visible here.
  const notice = isCookie || client.isSignedIn ? 'expired' : 'signInFirst';
  try {
    showUser(await client.me());
    await Promise.all([loadPassword(), loadFactors(), loadMethods(), loadSessions()]);
    find('[data-content]').hidden = false;
    find('[data-sign-out]').hidden = false;
  } catch (error) {
    if (isSignedOut(error) && leaveFor(notice)) return;
    failed.hidden = false;
    showFaultAt(find('[data-fault=page]'), error);
  } finally {
    loading.hidden = true;
  }
}

/** Another tab has signed in, perhaps as somebody else. */
let isStale = false;

/**
 * Shows the settings of the user who is signed in now. In cookie mode every page that loads is heard as a sign-in, and so
 * is this request: only the tab with the focus sends it, or two tabs would answer each other for ever.
 */
async function compareUser(): Promise<void> {
  if (!isStale || (isCookie && !document.hasFocus())) return;
  isStale = false;
  const now = await client.me().catch(() => null);
  if (now && now.id !== shown?.id) location.reload();
}

function prepareAccount(): void {
  onSubmit('profile', async ({ name = '', username = '' }) => {
    tellDone('profile');
    showUser(await client.updateMe({ name, ...(username !== (shown?.username ?? '') && { username }) }));
    tellDone('profile', say('saved'));
  });
  onSubmit('resend', async () => {
    tellDone('email');
    await client.resendVerification();
    tellDone('email', say('resent'));
  });
  onSubmit('email', async ({ new_email = '', password }, form) => {
    tellDone('email');
    await withProof(() => client.changeEmail({ new_email, password: orNone(password) }));
    form.reset();
    tellDone('email', say('emailSent', { email: new_email.trim() }));
  });
  onSubmit('export', async () => {
    const answer = await client.exportAccount();
    const file = new Blob([JSON.stringify(answer, null, 2)], { type: 'application/json' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = 'account.json';
    link.click();
    // Safari reads it after the click. It is freed with the page.
  });
  onSubmit('delete', async ({ confirmation = '', password }) => {
    const name = shown ? nameOf(shown) : '';
    if (confirmation.trim().toLowerCase() !== name.toLowerCase()) {
      throw fieldFault('confirmation', say('deleteMismatch'));
    }
    await withProof(() => client.withdraw(orNone(password)));
    leaveSignedOut('deleted');
  });
  find('[data-sign-out]').addEventListener('click', () => {
    client.logOut().then(
      () => leaveSignedOut('signedOut'),
      // The tokens are deleted anyway. In cookie mode the session continues, so the error is shown.
      (error: unknown) =>
        isCookie ? showFaultAt(find('[data-fault=page]'), error) : leaveSignedOut('signedOut'),
    );
  });
  find('[data-again]').addEventListener('click', () => void load());
}

prepare();
prepareStepUp();
prepareAccount();
preparePassword();
prepareFactors();
prepareSessions();
prepareMethods();
client.onChange(({ type, elsewhere }) => {
  if (!elsewhere) return;
  if (type === 'signedOut') leaveSignedOut('signedOut');
  if (type === 'signedIn') {
    isStale = true;
    void compareUser();
  }
});
addEventListener('focus', () => void compareUser());
const result = await finishConnection();
await load();
result?.focus();
