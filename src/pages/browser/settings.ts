/** The script of the settings page; `npm run build:assets` builds assets/static/settings.js from it. */
import type { User } from '../../client/index.ts';
import { client, isSignedOut, leaveFor, leaveSignedOut } from './account.ts';
import { find, ifThere, page, say, tell } from './dom.ts';
import { loadFactors, prepareFactors } from './factors.ts';
import { fieldFault, onSubmit, prepare, showFaultAt } from './forms.ts';
import { loadPassword, orNone, preparePassword } from './password.ts';
import { loadSessions, prepareSessions } from './sessions.ts';
import { finishConnection, loadMethods, prepareMethods } from './sign-in-methods.ts';
import { prepareStepUp, withProof } from './step-up.ts';

let user: User;
const nameOf = ({ email, username }: User) => email ?? username ?? '';

function showUser(shown: User): void {
  user = shown;
  find<HTMLInputElement>('#profile-name').value = user.name ?? '';
  find<HTMLInputElement>('#profile-username').value = user.username ?? '';
  if (user.email !== null) find('[data-email]').textContent = user.email;
  find('[data-verified]').hidden = user.email === null || !user.email_verified;
  find('[data-unverified]').hidden = user.email === null || user.email_verified;
  const resend = ifThere('#resend');
  if (resend) resend.hidden = user.email === null || user.email_verified;
  const confirmation = find('[data-confirmation]');
  confirmation.textContent = (confirmation.dataset.confirmation ?? '').replace('{name}', nameOf(user));
  for (const input of document.querySelectorAll<HTMLInputElement>('input.unseen')) input.value = nameOf(user);
}

/** Loads everything before anything is shown. */
async function load(): Promise<void> {
  const [loading, failed] = [find('[data-loading]'), find('[data-failed]')];
  loading.hidden = false;
  failed.hidden = true;
  find('[data-fault=page]').textContent = '';
  try {
    showUser(await client.me());
    await Promise.all([loadPassword(), loadFactors(), loadMethods(), loadSessions()]);
    find('[data-content]').hidden = false;
    find('[data-sign-out]').hidden = false;
  } catch (error) {
    if (isSignedOut(error) && leaveFor('expired')) return;
    failed.hidden = false;
    showFaultAt(find('[data-fault=page]'), error);
  } finally {
    loading.hidden = true;
  }
}

const done = (section: string, text: string) => {
  const place = find(`[data-done=${section}]`);
  tell(place, text);
};

function prepareAccount(): void {
  onSubmit('profile', async ({ name = '', username = '' }) => {
    done('profile', '');
    showUser(await client.updateMe({ name, ...(username !== (user.username ?? '') && { username }) }));
    done('profile', say('saved'));
  });
  onSubmit('resend', async () => {
    done('email', '');
    await client.resendVerification();
    done('email', say('resent'));
  });
  onSubmit('email', async ({ new_email = '', password }, form) => {
    done('email', '');
    await withProof(() => client.changeEmail({ new_email, password: orNone(password) }));
    form.reset();
    done('email', say('emailSent', { email: new_email.trim() }));
  });
  onSubmit('export', async () => {
    const answer = await client.exportAccount();
    const file = new Blob([JSON.stringify(answer, null, 2)], { type: 'application/json' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = 'account.json';
    link.click();
    URL.revokeObjectURL(link.href);
  });
  onSubmit('delete', async ({ confirmation = '', password }) => {
    if (confirmation.trim().toLowerCase() !== nameOf(user).toLowerCase()) {
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
        page.dataset.cookie === undefined
          ? leaveSignedOut('signedOut')
          : void showFaultAt(find('[data-fault=page]'), error),
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
  if (type === 'signedOut' && elsewhere) leaveSignedOut('signedOut');
});
void finishConnection().then(load);
