/** `/account/sign-up`. */
import { client, goOn } from './account.ts';
import { find, say, showStep } from './dom.ts';
import { onSubmit } from './forms.ts';

/** Read by the page that the link in the e-mail opens (assets/static/mail-link.js), as proof of who signed up. */
const CLAIM = 'hono-accounts.claim';

export function signUpPage(): void {
  onSubmit('sign-up', async ({ email = '', password = '', name = '' }) => {
    const { claim } = await client.signUp({ email, password, ...(name.trim() && { name }) });
    if (claim === undefined) {
      await goOn();
      return;
    }
    try {
      localStorage.setItem(CLAIM, claim);
    } catch {
      // That page then asks for the password.
    }
    find('[data-sent]').textContent = say('sentText', { email: email.trim() });
    showStep('sent');
  });
}
