/** What the use cases of signing in by e-mail are built from. */
import type { Services } from '../account/application/tokens.ts';
import type { EmailSignInServices } from './ports.ts';

/** `emailSignIn`: null where SIGN_IN_BY_EMAIL is off. */
export type WithEmailSignIn = Services & { emailSignIn: EmailSignInServices | null };
