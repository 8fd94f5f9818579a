/** `/account/sign-up`. */
import { client, goOn } from './account.ts';
import { find, page, say, showStep } from './dom.ts';
import { onSubmit } from './forms.ts';
import { CLAIM_KEY } from './link.ts';
import { prepareProviders } from './ways.ts';

export function signUpPage(): void {
  // The user may already have an account, perhaps with a second factor: the sign-in page handles both.
  if (page.dataset.signIn !== undefined) prepareProviders(location.origin + page.dataset.signIn);
  onSubmit('sign-up', async ({ email = '', password = '', name = '' }) => {
    const { claim } = await client.signUp({ email, password, ...(name.trim() && { name }) });
    if (claim === undefined) {
      await goOn();
      return;
    }
    try {
      localStorage.setItem(CLAIM_KEY, claim);
    } catch {
      // The page of the link then asks for the password.
    }
    find('[data-sent]').textContent = say('sentText', { email: email.trim() });
    showStep('sent');
  });
}
