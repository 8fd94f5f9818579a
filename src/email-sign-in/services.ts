/** Services of the use cases of signing in by e-mail. */
import type { Services } from '../account/application/tokens.ts';
import type { EmailSignInServices } from './ports.ts';

/** `emailSignIn`: null unless SIGN_IN_BY_EMAIL is on. */
export type WithEmailSignIn = Services & { emailSignIn: EmailSignInServices | null };
