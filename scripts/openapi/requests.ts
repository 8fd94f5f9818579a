/** The bodies of requests: the very schemas that validate, each with a name and what it cannot say of itself. */
import * as z from 'zod/mini';
import * as account from '../../src/account/schemas.ts';
import { ACCESS, MAIL_TOKEN, named, REFRESH } from './names.ts';

const EMAIL =
  'At most 254 characters. Kept, compared and answered trimmed, in lower case and NFC, the domain in its Unicode form.';
const USERNAME =
  'Letters of any script, digits and `@.+-_`, at most 150; one that holds `@` must be the own e-mail address. Unique after NFKC and lower-casing.';
const NAME = 'At most 150 characters.';
const NEW_PASSWORD =
  'At least 8 characters (or what PASSWORD_MIN_LENGTH says) and at most 256, after NFKC; any character; not common, not all digits, not too like the e-mail address, username or name.';
const PASSWORD = 'Taken as it is typed: nothing is trimmed.';
const PROOF =
  'Taken as it is typed: nothing is trimmed. May be left out within REAUTH_WINDOW of `POST /account/reauthenticate`, and by a user who has no password.';
const BY_MAIL = 'What the link in the mail carries after `#token=`. It works once.';

const mina = { email: 'mina@example.com', password: 'correct horse battery' };

export const signUp = named('SignUp', account.signUpBody, {
  about: { email: EMAIL, password: NEW_PASSWORD, name: NAME, username: USERNAME },
  example: { ...mina, name: 'Mina Kim', username: 'mina' },
});
export const logIn = named('LogIn', account.logInBody, {
  description: 'With `email` or `username`; where both are given, `email` counts.',
  about: { username: 'The username or the e-mail address.', password: PASSWORD },
  example: mina,
});
export const refresh = named('Refresh', account.refreshBody, {
  about: { refresh: 'The refresh token.' },
  example: { refresh: REFRESH },
});
export const token = named('Token', account.verifyBody, {
  about: { token: 'An access or a refresh token.' },
  example: { token: ACCESS },
});
export const mailToken = named('MailToken', z.extend(account.verifyBody, {}), {
  about: { token: BY_MAIL },
  example: { token: MAIL_TOKEN },
});
export const confirmEmail = named('ConfirmEmail', account.confirmEmailBody, {
  description:
    'A sign-up that waits for its mail (SIGN_UP=verify) also takes one proof: `claim`, `password` or `new_password`. Elsewhere they are ignored.',
  about: {
    token: BY_MAIL,
    claim: 'What the answer to the sign-up said.',
    password: 'The password that was chosen at the sign-up.',
    new_password: `In place of that password; the account then starts without name and username. ${NEW_PASSWORD}`,
  },
  example: { token: MAIL_TOKEN },
});
export const updateMe = named('UpdateMe', account.updateMeBody, {
  description: 'What is left out stays; null and an empty string take away.',
  about: { name: NAME, username: USERNAME },
  example: { name: 'Mina Kim' },
});
export const reauthenticate = named('Reauthenticate', account.reauthenticateBody, {
  description: 'One of them. With a second factor only a code counts where a step-up asks for one.',
  about: {
    password: PASSWORD,
    code: 'Of the authenticator app.',
    passkey: 'AuthenticationResponseJSON, made with `POST /account/reauthenticate/options`.',
  },
  example: { password: mina.password },
});
export const withdraw = named('Withdraw', account.withdrawProvenBody, {
  about: { password: PROOF },
  example: { password: mina.password },
});
export const changePassword = named('ChangePassword', account.changePasswordProvenBody, {
  about: { current_password: PROOF, new_password: NEW_PASSWORD },
  example: { current_password: mina.password, new_password: 'staple battery horse' },
});
export const requestPasswordReset = named('AskReset', account.requestResetBody, {
  about: { email: EMAIL },
  example: { email: mina.email },
});
export const confirmReset = named('ConfirmReset', account.confirmResetBody, {
  about: { token: BY_MAIL, new_password: NEW_PASSWORD },
  example: { token: MAIL_TOKEN, new_password: 'staple battery horse' },
});
export const changeEmail = named('ChangeEmail', account.changeEmailProvenBody, {
  about: { new_email: EMAIL, password: PROOF },
  example: { new_email: 'mina.kim@example.com', password: mina.password },
});
export const tokenObtain = named('TokenObtain', account.tokenObtainBody, {
  description: 'With `username` or `email`; where both are given, `username` counts.',
  about: {
    username: 'The username or the e-mail address.',
    email: 'The same, for clients of a site whose users have no other name.',
    password: PASSWORD,
  },
  example: { username: 'mina', password: mina.password },
});
