/** The script of sign-in, sign-up and forgotten password; `npm run build:assets` builds assets/static/pages.js from it. */
import { page } from './dom.ts';
import { forgotPage } from './forgot.ts';
import { prepare } from './forms.ts';
import { signInPage } from './sign-in.ts';
import { signUpPage } from './sign-up.ts';

const PAGES: Readonly<Record<string, () => void>> = {
  'sign-in': signInPage,
  'sign-up': signUpPage,
  forgot: forgotPage,
};

prepare();
PAGES[page.dataset.page ?? '']?.();
