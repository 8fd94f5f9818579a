/** The password in the settings: change it, set one, remove it. */
import { client } from './account.ts';
import { all, find, say, tell } from './dom.ts';
import { onSubmit } from './forms.ts';
import { loadSessions } from './sessions.ts';
import { proveBy, withProof } from './step-up.ts';

/** An empty field is not sent: the server decides whether it is needed. */
export const orNone = (text: string | undefined): string | undefined => text || undefined;

let isSet = true;

/** Hides the password fields of every section if there is no password. */
function show(set: boolean): void {
  isSet = set;
  for (const part of all('[data-password]')) part.hidden = (part.dataset.password === 'set') !== set;
  find('#password [type=submit]').textContent = say(set ? 'changePassword' : 'setPassword');
  proveBy({ password: set });
}

export async function loadPassword(): Promise<void> {
  show((await client.request<{ is_set: boolean }>('GET', '/password')).is_set);
}

export function preparePassword(): void {
  const done = find('[data-done=password]');
  onSubmit('password', async ({ current_password, new_password = '' }, form) => {
    tell(done, '');
    const body = { current_password: orNone(current_password), new_password };
    await withProof(() => client.changePassword(body));
    form.reset();
    tell(done, say(isSet ? 'passwordChanged' : 'passwordSet'));
    show(true);
    await loadSessions();
  });
  onSubmit('password-remove', async () => {
    tell(done, '');
    await withProof(() => client.request('DELETE', '/password', {}));
    tell(done, say('passwordRemoved'));
    show(false);
    find('#password-title').focus();
    await loadSessions();
  });
}
