/** `/account/forgot`. */
import { client } from './account.ts';
import { showStep } from './dom.ts';
import { onSubmit } from './forms.ts';

export function forgotPage(): void {
  onSubmit('forgot', async ({ email = '' }) => {
    await client.requestPasswordReset({ email });
    showStep('sent');
  });
}
