/** The texts of every e-mail. mail/compose.ts lays them out. */

export interface MailWords {
  subject: string;
  /** Paragraphs before the link and after it. */
  before: readonly string[];
  /** The label of the link. An e-mail without one contains no token. */
  link?: string;
  after?: readonly string[];
  /** Introduces the code, which follows. */
  code?: string;
  /** A second link and the paragraph before it. */
  second?: { before: string; label: string };
}

const IGNORE = 'If this was not you, you can ignore this e-mail.';

/** `{site}`, `{email}`, `{minutes}`, `{hours}`, `{when}`, `{place}` and `{device}` are filled in. */
export const mails = {
  verify_email: {
    subject: 'Confirm your e-mail address',
    before: [
      'Welcome to {site}. An account was created for {email} on {when} from {place}.',
      'Please confirm that this is your e-mail address.',
    ],
    link: 'Confirm my address',
    second: {
      before: 'If you did not create this account, have it deleted with one click:',
      label: 'This wasn’t me',
    },
  },
  confirm_sign_up: {
    subject: 'Confirm your sign-up',
    before: [
      'Somebody, probably you, signed up at {site} with {email} on {when} from {place}. Confirm it to create the account.',
    ],
    link: 'Create my account',
    after: [IGNORE],
  },
  address_has_account: {
    subject: 'You already have an account',
    before: [
      'Somebody, probably you, tried to use {email} at {site}, but it already belongs to an account. You can log in with it, or reset its password if you have forgotten it.',
      IGNORE,
    ],
  },
  password_reset: {
    subject: 'Reset your password',
    before: ['Somebody, probably you, asked to reset the password of {email} at {site}.'],
    link: 'Choose a new password',
    after: ['The link works once and for {minutes} minutes.', IGNORE],
  },
  password_changed: {
    subject: 'Your password was changed',
    before: [
      'The password of {email} at {site} was changed, and other sessions were logged out.',
      'If this was not you, reset your password at once.',
    ],
  },
  own_password_removed: {
    subject: 'Your password was removed',
    before: [
      'The password of {email} at {site} was removed, and other sessions were logged out. From now on, sign in with one of the other methods that you have set up.',
      'If this was not you, reset your password at once, which sets a new one.',
    ],
  },
  email_change: {
    subject: 'Confirm your new e-mail address',
    before: ['Somebody, probably you, asked to use {email} for an account at {site}.'],
    link: 'Use this address',
    after: [IGNORE],
  },
  email_change_asked: {
    subject: 'Your e-mail address is about to change',
    before: [
      'Somebody, probably you, asked to replace {email} at {site} with another address. It changes once the new address is confirmed.',
      'If this was not you, change your password at once, which cancels the request.',
    ],
  },
  email_changed: {
    subject: 'Your e-mail address was changed',
    before: [
      '{email} no longer belongs to your account at {site}, which has a new address now.',
      'If this was not you, take your address back. That logs out every session and lets you choose a new password.',
    ],
    link: 'Take my address back',
    after: ['The link works once and for {hours} hours.'],
  },
  second_factor_on: {
    subject: 'Two-step sign-in is on',
    before: [
      'Signing in to {email} at {site} now asks for a code from your authenticator app.',
      'If this was not you, change your password at once and contact us.',
    ],
  },
  second_factor_off: {
    subject: 'Two-step sign-in is off',
    before: [
      'Signing in to {email} at {site} no longer asks for a code from an authenticator app.',
      'If this was not you, change your password at once.',
    ],
  },
  passkey_added: {
    subject: 'A passkey was added',
    before: [
      'A passkey was added to your account {email} at {site}. You can now sign in with it.',
      'If this was not you, remove the passkey and change your password at once.',
    ],
  },
  passkey_removed: {
    subject: 'A passkey was removed',
    before: [
      'A passkey was removed from your account {email} at {site}. It can no longer be used to sign in.',
      'If this was not you, change your password at once.',
    ],
  },
  recovery_code_used: {
    subject: 'A recovery code was used',
    before: [
      'Somebody, probably you, signed in to {email} at {site} with a recovery code. It does not work again.',
      'If this was not you, change your password at once.',
    ],
  },
  sign_in_code: {
    subject: 'Your sign-in code',
    before: ['Somebody, probably you, asked to sign in to {site} with {email}.'],
    code: 'Enter this code:',
    link: 'Sign in on this device',
    after: ['The code and the link work once and for {minutes} minutes. Do not share them.', IGNORE],
  },
  connection_added: {
    subject: 'An account was connected',
    before: [
      'Another account can now be used to sign in to {email} at {site}.',
      'If this was not you, sign in, remove it from your connected accounts, and change your password.',
    ],
  },
  connection_removed: {
    subject: 'A connected account was removed',
    before: [
      'A connected account can no longer be used to sign in to {email} at {site}.',
      'If this was not you, change your password at once.',
    ],
  },
  new_device: {
    subject: 'Signed in from a new device',
    before: [
      'Somebody, probably you, signed in to {email} at {site} with {device} on {when} from {place}.',
      'If this was not you, change your password at once and end the session.',
    ],
  },
  account_deleted: {
    subject: 'Your account was deleted',
    before: [
      'The account of {email} at {site} was deleted, with everything that belonged to it.',
      'If this was not you, please contact {site}.',
    ],
  },
  became_staff: {
    subject: 'You are now a staff member',
    before: [
      'The account of {email} at {site} was made a staff member and may use the console. Its sessions were logged out; please log in again.',
      'If you did not expect this, please contact {site}.',
    ],
  },
  username_changed: {
    subject: 'Your username was changed',
    before: [
      'The username of {email} at {site} was changed.',
      'If this was not you, change your password at once.',
    ],
  },
  invitation: {
    subject: 'Your account is ready',
    before: ['The staff of {site} made an account for {email}. Choose a password to sign in.'],
    link: 'Choose a password',
    after: [
      'The link works once and for {hours} hours. After that, reset your password to get another one.',
      'If you do not know {site}, you can ignore this e-mail.',
    ],
  },
  email_replaced: {
    subject: 'Your e-mail address was changed',
    before: [
      '{email} no longer belongs to an account at {site}: its staff set another address.',
      'If you did not expect this, please contact {site}.',
    ],
  },
  address_set: {
    subject: 'Confirm your e-mail address',
    before: [
      'The staff of {site} set {email} as the address of your account. Please confirm that this is your e-mail address.',
    ],
    link: 'Confirm my address',
    after: ['If you have no account at {site}, you can ignore this e-mail.'],
  },
  address_confirmed: {
    subject: 'Your e-mail address is confirmed',
    before: [
      'The staff of {site} confirmed {email} as the address of your account. You can sign in and reset your password with it.',
      'If you did not expect this, please contact {site}.',
    ],
  },
  password_set: {
    subject: 'Your password was changed',
    before: [
      'The staff of {site} set a new password for {email}. Every session was logged out.',
      'If you did not expect this, reset your password at once and contact {site}.',
    ],
  },
  password_removed: {
    subject: 'Your password was removed',
    before: [
      'The staff of {site} removed the password of {email}. It no longer works, and every session was logged out. To choose a new one, reset your password.',
      'If you did not expect this, please contact {site}.',
    ],
  },
} satisfies Record<string, MailWords>;

export type MailName = keyof typeof mails;

export const mailParts = {
  /** In every e-mail with a link and no short code, as some mail clients break links. */
  code: 'If the link does not work, open {page} and paste this code:',
  unknownPlace: 'an unknown place',
  unknownDevice: 'an unknown device',
};
