/** Request bodies: the schemas that validate them, with names, descriptions and examples. */
import * as z from 'zod/mini';
import * as account from '../../src/account/schemas.ts';
import { ACCESS, MAIL_TOKEN, named, REFRESH } from './names.ts';

export const EMAIL =
  'At most 254 characters. Stored, compared and returned trimmed, in lower case and NFC, with the domain in its Unicode form.';
export const USERNAME =
  'At most 150 characters: letters of any script, digits and `@.+-_`. With `@` it must be the user’s own e-mail address. Unique after NFKC and lower-casing.';
export const NAME = 'At most 150 characters.';
export const NEW_PASSWORD =
  'At least 8 characters (PASSWORD_MIN_LENGTH) and at most 256, after NFKC. Any characters, but not a common password, not only digits, and not too similar to the e-mail address, username or name.';
const PASSWORD = 'As typed: not trimmed.';
const PROOF =
  'As typed: not trimmed. Not needed within REAUTH_WINDOW of `POST /account/reauthenticate`, or if the user has no password.';
const BY_MAIL = 'The token in the link of the e-mail, after `#token=`. Works once.';

const mina = { email: 'mina@example.com', password: 'correct horse battery' };

export const signUp = named('SignUp', account.signUpBody, {
  about: { email: EMAIL, password: NEW_PASSWORD, name: NAME, username: USERNAME },
  example: { ...mina, name: 'Mina Kim', username: 'mina' },
});
export const logIn = named('LogIn', account.logInBody, {
  description: 'With `email` or `username`. If both are given, `email` counts.',
  about: {
    email: 'The e-mail address.',
    username: 'The username or the e-mail address.',
    password: PASSWORD,
  },
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
    'A pending sign-up (SIGN_UP=verify) also needs one of `claim`, `password` or `new_password`; otherwise these are ignored.',
  about: {
    token: BY_MAIL,
    claim: 'The `claim` in the response to the sign-up.',
    password: 'The password chosen at sign-up.',
    new_password: `Replaces that password; the account then starts without name and username. ${NEW_PASSWORD}`,
  },
  example: { token: MAIL_TOKEN },
});
export const updateMe = named('UpdateMe', account.updateMeBody, {
  description: 'Omitted fields keep their value; null and an empty string remove it.',
  about: { name: NAME, username: USERNAME },
  example: { name: 'Mina Kim' },
});
export const reauthenticate = named('Reauthenticate', account.reauthenticateBody, {
  description:
    'Exactly one of the fields. For a user with a second factor, the password alone is not enough for step-up.',
  about: {
    password: PASSWORD,
    code: 'A code from the authenticator app, six digits.',
    recovery_code: 'One of the recovery codes.',
    passkey: 'AuthenticationResponseJSON, made with `POST /account/reauthenticate/options`.',
  },
  example: { password: mina.password },
});
export const withdraw = named('Withdraw', account.withdrawProvenBody, {
  about: { password: PROOF },
  example: { password: mina.password },
});
export const removePassword = named('RemovePassword', account.removePasswordProvenBody, {
  about: { password: PROOF },
  example: { password: mina.password },
});
export const changePassword = named('ChangePassword', account.changePasswordProvenBody, {
  about: { current_password: PROOF, new_password: NEW_PASSWORD },
  example: { current_password: mina.password, new_password: 'staple battery horse' },
});
export const requestPasswordReset = named('RequestReset', account.requestResetBody, {
  about: { email: EMAIL },
  example: { email: mina.email },
});
export const resendVerification = named('ResendVerification', account.resendBody, {
  about: { email: 'The address of the account. Ignored with an access token.' },
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
  description: 'With `username` or `email`. If both are given, `username` counts.',
  about: {
    username: 'The username or the e-mail address.',
    email: 'The same, for clients of sites with `USERNAME_FIELD = "email"`.',
    password: PASSWORD,
  },
  example: { username: 'mina', password: mina.password },
});
