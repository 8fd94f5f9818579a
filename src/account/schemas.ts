/** Request bodies as Zod schemas. They validate requests, and the OpenAPI document is generated from them. */
import * as z from 'zod/mini';
import type { FieldFaultName } from '../errors.ts';
import {
  canonicalEmail,
  canonicalUsername,
  EMAIL_MAX_LENGTH,
  isPlainText,
  lengthOf,
  NAME_MAX_LENGTH,
  USERNAME_MAX_LENGTH,
} from '../identity.ts';

type Report = (fault: FieldFaultName, params?: Record<string, string | number>) => void;
type Check = (text: string, report: Report) => void;

/** Text with a custom check. A fault carries its name in errors.ts, from which http/body.ts builds the error. */
const text = (check: Check, example?: string) =>
  z.string().check(
    z.superRefine((value, context) => {
      check(value, (fault, params) => {
        context.addIssue({ code: 'custom', params: { fault, values: params } });
      });
    }),
    z.meta(example === undefined ? {} : { examples: [example] }),
  );

/** Plain text of at most `max` characters. Ignores surrounding white space; `check` gets the rest, unless it is blank. */
const plainCheck =
  (max: number, check: Check): Check =>
  (value, report) => {
    const trimmed = value.trim();
    if (!isPlainText(trimmed)) report('characters');
    else if (lengthOf(trimmed) > max) report('max_length', { max });
    else if (trimmed !== '') check(trimmed, report);
  };

const plain = (max: number, example: string, check: Check = () => {}) =>
  text(plainCheck(max, check), example);

/** The same, but not blank. */
const present = (max: number, example: string, check: Check = () => {}) =>
  text((value, report) => {
    if (value.trim() === '') report('blank');
    else plainCheck(max, check)(value, report);
  }, example);

export const email = z.pipe(
  text((value, report) => {
    const trimmed = value.trim();
    if (trimmed === '') report('blank');
    else if (!isPlainText(trimmed)) report('email');
    else if (lengthOf(trimmed) > EMAIL_MAX_LENGTH) report('max_length', { max: EMAIL_MAX_LENGTH });
    else if (canonicalEmail(value) === null) report('email');
  }, 'mina@example.com'),
  z.transform((value) => canonicalEmail(value) as string),
);

/** Non-empty plain text, trimmed. `max` in characters. */
export const requiredText = (max: number, example: string) =>
  z.pipe(
    present(max, example),
    z.transform((value) => value.trim()),
  );

/** Blank removes it. */
export const nameText = z.pipe(
  plain(NAME_MAX_LENGTH, 'Mina Kim'),
  z.transform((value) => value.trim() || null),
);
/** Null and blank remove it. */
export const name = z.nullable(nameText);

const checkUsername = (trimmed: string, report: Report) => {
  const canonical = canonicalUsername(trimmed);
  if (!canonical) report('username');
  // NFKC can be longer than the input.
  else if (lengthOf(canonical.username) > USERNAME_MAX_LENGTH) {
    report('max_length', { max: USERNAME_MAX_LENGTH });
  }
};
/** Null and blank remove it. */
export const username = z.nullable(
  z.pipe(
    plain(USERNAME_MAX_LENGTH, 'mina', checkUsername),
    z.transform((value) => canonicalUsername(value)),
  ),
);
/** A username that cannot be removed. */
export const requiredUsername = z.pipe(
  present(USERNAME_MAX_LENGTH, 'mina', checkUsername),
  z.transform((value) => canonicalUsername(value)),
);

/**
 * The current password of an account. The rules for new passwords do not apply: one that is too long, or holds half a
 * surrogate pair, is a wrong password like any other.
 */
export const presentedPassword = text((value, report) => {
  if (value === '') report('blank');
}, 'correct horse battery');

/** A new password: the use case checks it against the password policy, which needs the user's data. */
export const chosenPassword = text((value, report) => {
  if (value === '') report('blank');
}, 'correct horse battery');

export const token = z.pipe(
  text((value, report) => {
    if (value.trim() === '') report('blank');
  }),
  z.transform((value) => value.trim()),
);

/** A one-time code as typed. Any text counts as an attempt, even none, so its form is not checked. */
export const codeText = text(() => {}, '123456');

/** A name to log in with: a username or an e-mail address. */
const logInName = present(EMAIL_MAX_LENGTH, 'mina');
/** The same for API clients that send a blank one for none. */
export const logInNameOrBlank = plain(EMAIL_MAX_LENGTH, 'mina');
export const emailOrBlank = text((value, report) => {
  if (value.trim() !== '' && canonicalEmail(value) === null) report('email');
}, 'mina@example.com');

/** At least one field must be present. Reports `required` under the first, along with the faults of other fields. */
const requireOneOf = (first: string, ...others: string[]) =>
  z.refine<Record<string, unknown>>(() => false, {
    path: [first],
    params: { fault: 'required' },
    when: ({ value }) =>
      [first, ...others].every((name) => (value as Record<string, unknown>)[name] === undefined),
  });

export const signUpBody = z.object({
  email,
  password: chosenPassword,
  name: z.optional(name),
  username: z.optional(username),
});

export const logInBody = z
  .object({ email: z.optional(email), username: z.optional(logInName), password: presentedPassword })
  .check(requireOneOf('email', 'username'));

export const refreshBody = z.object({ refresh: token });
export const verifyBody = z.object({ token });
/** Confirming a pending sign-up needs one of the last three. */
export const confirmEmailBody = z.object({
  token,
  claim: z.optional(token),
  password: z.optional(presentedPassword),
  new_password: z.optional(chosenPassword),
});
export const updateMeBody = z.object({ name: z.optional(name), username: z.optional(username) });
/** Exactly one field. */
export const reauthenticateBody = z
  .object({
    password: z.optional(presentedPassword),
    code: z.optional(codeText),
    recovery_code: z.optional(codeText),
    /** AuthenticationResponseJSON; checked by passkeys/. */
    passkey: z.optional(z.looseObject({})),
  })
  .check(
    z.refine((body) => Object.values(body as object).filter((value) => value !== undefined).length === 1, {
      path: ['password'],
      params: { fault: 'required' },
    }),
  );
export const withdrawBody = z.object({ password: presentedPassword });
/** `…Proven`: the user has just reauthenticated, or has no password. */
export const withdrawProvenBody = z.object({ password: z.optional(presentedPassword) });
export const removePasswordBody = z.object({ password: presentedPassword });
export const removePasswordProvenBody = z.object({ password: z.optional(presentedPassword) });
export const changePasswordBody = z.object({
  current_password: presentedPassword,
  new_password: chosenPassword,
});
export const changePasswordProvenBody = z.object({
  current_password: z.optional(presentedPassword),
  new_password: chosenPassword,
});
export const requestResetBody = z.object({ email });
/** `email`: for a request without an access token. */
export const resendBody = z.object({ email: z.optional(email) });
export const confirmResetBody = z.object({ token, new_password: chosenPassword });
export const changeEmailBody = z.object({ new_email: email, password: presentedPassword });
export const changeEmailProvenBody = z.object({ new_email: email, password: z.optional(presentedPassword) });
/**
 * simplejwt's: `username` may be the e-mail address. Sites with `USERNAME_FIELD = 'email'` send it as `email`, whose
 * form simplejwt does not check either.
 */
export const tokenObtainBody = z
  .object({ username: z.optional(logInName), email: z.optional(logInName), password: presentedPassword })
  .check(requireOneOf('username', 'email'));
/** An empty body, for example in cookie mode. It must still be JSON. */
export const noBody = z.object({});
