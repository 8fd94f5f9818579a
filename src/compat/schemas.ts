/** Request bodies of djoser and dj-rest-auth. A sign-up may omit the username, as users here have an address. */
import * as z from 'zod/mini';
import {
  chosenPassword,
  email,
  emailOrBlank,
  logInNameOrBlank,
  nameText,
  presentedPassword,
  requiredUsername,
  token,
  username,
} from '../account/schemas.ts';

const retyped = z.optional(z.string());
/** The fields of SignUpProof, for pending sign-ups. */
const proof = {
  claim: z.optional(token),
  password: z.optional(presentedPassword),
  new_password: z.optional(chosenPassword),
};

export const djoserCreateBody = z.object({
  username: z.optional(username),
  email,
  password: chosenPassword,
  re_password: retyped,
});
const sentPassword = z.optional(presentedPassword);
export const djoserPutBody = z.object({ email, current_password: sentPassword });
export const djoserPatchBody = z.object({ email: z.optional(email), current_password: sentPassword });
export const djoserDeleteBody = z.object({ current_password: presentedPassword });
export const djoserSetPasswordBody = z.object({
  current_password: presentedPassword,
  new_password: chosenPassword,
  re_new_password: retyped,
});
export const djoserConfirmBody = z.object({
  uid: token,
  token,
  new_password: chosenPassword,
  re_new_password: retyped,
});
export const djoserActivationBody = z.object({ uid: token, token, ...proof });

/** Neither name is required, and a blank one counts as none. */
export const restLogInBody = z.object({
  username: z.optional(logInNameOrBlank),
  email: z.optional(emailOrBlank),
  password: presentedPassword,
});
/** Checked by the routes: without it the library answers 401, not 400. */
export const restRefreshBody = z.object({ refresh: z.optional(token) });
export const restLogOutBody = z.object({ refresh: z.optional(z.string()) });
export const restUserBody = z.object({
  username: z.optional(requiredUsername),
  first_name: z.optional(nameText),
  last_name: z.optional(nameText),
});
export const restPutUserBody = z.extend(restUserBody, { username: requiredUsername });
export const restChangeBody = z.object({
  old_password: presentedPassword,
  new_password1: chosenPassword,
  new_password2: chosenPassword,
});
export const restConfirmBody = z.object({
  uid: token,
  token,
  new_password1: chosenPassword,
  new_password2: chosenPassword,
});
export const restRegisterBody = z.object({
  username: z.optional(username),
  email,
  password1: chosenPassword,
  password2: chosenPassword,
});
export const restVerifyEmailBody = z.object({ key: token, ...proof });
