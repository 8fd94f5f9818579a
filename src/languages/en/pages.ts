/** The pages that links in e-mails open. */

interface MailLinkWords {
  title: string;
  text: string;
  button: string;
  done: string;
  /** For links of which no new one can be requested. */
  dead?: string;
}

export const mailLinkPages: Record<'verify' | 'reset' | 'disown' | 'take_back', MailLinkWords> = {
  verify: {
    title: 'Confirm your e-mail address',
    text: 'Press the button to confirm that this is your e-mail address.',
    button: 'Confirm',
    done: 'Confirmed. You can close this page.',
  },
  reset: {
    title: 'Choose a new password',
    text: 'All your sessions will be signed out.',
    button: 'Set password',
    done: 'Your password is set. You can sign in with it now.',
  },
  disown: {
    title: 'This wasn’t me',
    text: 'Press the button if you did not create this account. It will be deleted.',
    button: 'Delete the account',
    done: 'The account was deleted. You can close this page.',
    dead: 'This link was already used or has expired: the account was deleted, or its address was confirmed.',
  },
  take_back: {
    title: 'Take your address back',
    text: 'Press the button if you did not change the address of your account. Every session will be signed out, and you choose a new password next.',
    button: 'Take my address back',
    done: 'The address is yours again.',
    dead: 'This link was already used or has expired.',
  },
};

/** The page that the link in a sign-in e-mail opens. */
export const emailSignInPage = {
  title: 'Sign in',
  text: 'Press the button to sign in.',
  email: 'E-mail address',
  code: 'Code from the e-mail',
  factor: 'Code from your authenticator app, or a recovery code',
  factorWrong:
    'This code is not valid. After five wrong codes, or after five minutes, start again with a newer e-mail.',
  button: 'Sign in',
  again: 'Start again',
  done: 'You are signed in. You can close this page.',
  dead: 'This link was already used or has expired. Enter the code from a newer e-mail.',
};

/** Texts that several of them share. */
export const mailLinkParts = {
  code: 'Code from the e-mail',
  dead: 'This link was already used or has expired. Ask for a new one.',
  password: 'New password',
  rules:
    'At least {min} characters. Not only digits, not a common password, not similar to your name or address.',
  chosen: 'The password you chose when you signed up',
  instead: 'or a new password, if you do not know it',
  proof: 'To protect your account, enter the password that you chose, or choose a new one.',
  email: 'E-mail address',
  again: 'Send a new link',
  sent: 'If this address belongs to an account, a new link is on its way.',
  sent_unverified:
    'If this address belongs to an account that is not confirmed yet, a new link is on its way. If none arrives, sign in, or sign up again.',
  back: 'Continue',
};
