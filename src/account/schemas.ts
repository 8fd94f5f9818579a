/** The bodies of requests, as Zod schemas: they validate, and the OpenAPI document is made from them. */
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
import { normalizePassword, PASSWORD_MAX_LENGTH } from '../password/policy.ts';

type Report = (fault: FieldFaultName, params?: Record<string, string | number>) => void;

/** Text whose fault carries the name of a sentence in errors.ts; http/body.ts reads it back. */
const text = (check: (text: string, report: Report) => void, example?: string) =>
  z.string().check(
    z.superRefine((value, context) => {
      check(value, (fault, params) => {
        context.addIssue({ code: 'custom', params: { fault, values: params } });
      });
    }),
    z.meta(example === undefined ? {} : { examples: [example] }),
  );

/** White space around it does not count. */
const plain = (max: number, example: string, check: (trimmed: string, report: Report) => void = () => {}) =>
  text((value, report) => {
    const trimmed = value.trim();
    if (!isPlainText(trimmed)) report('characters');
    else if (lengthOf(trimmed) > max) report('max_length', { max });
    else if (trimmed !== '') check(trimmed, report);
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

/** Some text that is there. */
export const requiredText = (max: number, example: string) =>
  z.pipe(
    text((value, report) => {
      const trimmed = value.trim();
      if (trimmed === '') report('blank');
      else if (!isPlainText(trimmed)) report('characters');
      else if (lengthOf(trimmed) > max) report('max_length', { max });
    }, example),
    z.transform((value) => value.trim()),
  );

/** Null and blank take it away. */
export const name = z.nullable(
  z.pipe(
    plain(NAME_MAX_LENGTH, 'Mina Kim'),
    z.transform((value) => value.trim() || null),
  ),
);

/** Null and blank take it away. */
export const username = z.nullable(
  z.pipe(
    plain(USERNAME_MAX_LENGTH, 'mina', (trimmed, report) => {
      const canonical = canonicalUsername(trimmed);
      if (!canonical) report('username');
      // NFKC may be longer than what was typed.
      else if (lengthOf(canonical.username) > USERNAME_MAX_LENGTH) {
        report('max_length', { max: USERNAME_MAX_LENGTH });
      }
    }),
    z.transform((value) => canonicalUsername(value)),
  ),
);

/** A password behind which an account already stands: only its shape is looked at. */
export const presentedPassword = text((value, report) => {
  if (value === '') report('blank');
  else if (!value.isWellFormed()) report('characters');
  else if (lengthOf(normalizePassword(value)) > PASSWORD_MAX_LENGTH) {
    report('password_too_long', { max: PASSWORD_MAX_LENGTH });
  }
}, 'correct horse battery');

/** A password to be: the policy, which knows the person, has the last word. */
export const chosenPassword = text((value, report) => {
  if (value === '') report('blank');
}, 'correct horse battery');

export const token = z.pipe(
  text((value, report) => {
    if (value.trim() === '') report('blank');
  }),
  z.transform((value) => value.trim()),
);

/** A one-time code as it is typed: whatever it is, it is a try. */
export const codeText = text((value, report) => {
  if (value.trim() === '') report('blank');
}, '123456');

const checkLogInName = (value: string, report: Report) => {
  const trimmed = value.trim();
  if (!isPlainText(trimmed)) report('characters');
  else if (lengthOf(trimmed) > EMAIL_MAX_LENGTH) report('max_length', { max: EMAIL_MAX_LENGTH });
};
/** Some name to log in by: a username or an e-mail address. */
const logInName = text((value, report) => {
  if (value.trim() === '') report('blank');
  else checkLogInName(value, report);
}, 'mina');
/** The same for libraries to which a blank one is none. */
export const logInNameOrBlank = text(checkLogInName, 'mina');

/** `required` stands under the first, together with the faults of other fields, as DRF does. */
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
/** Of a sign-up that waits for its mail, one of the last three. */
export const confirmEmailBody = z.object({
  token,
  claim: z.optional(token),
  password: z.optional(presentedPassword),
  new_password: z.optional(chosenPassword),
});
export const updateMeBody = z.object({ name: z.optional(name), username: z.optional(username) });
/** One of them. */
export const reauthenticateBody = z
  .object({
    password: z.optional(presentedPassword),
    code: z.optional(codeText),
    recovery_code: z.optional(codeText),
    /** AuthenticationResponseJSON; judged as a credential (passkeys/). */
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
export const changePasswordBody = z.object({
  current_password: presentedPassword,
  new_password: chosenPassword,
});
export const changePasswordProvenBody = z.object({
  current_password: z.optional(presentedPassword),
  new_password: chosenPassword,
});
export const askResetBody = z.object({ email });
export const confirmResetBody = z.object({ token, new_password: chosenPassword });
export const changeEmailBody = z.object({ new_email: email, password: presentedPassword });
export const changeEmailProvenBody = z.object({ new_email: email, password: z.optional(presentedPassword) });
/**
 * simplejwt's: `username` may be the e-mail address, and sites with `USERNAME_FIELD = 'email'` call it `email`, which is
 * no more than text there either.
 */
export const tokenObtainBody = z
  .object({ username: z.optional(logInName), email: z.optional(logInName), password: presentedPassword })
  .check(requireOneOf('username', 'email'));
/** Where a body says nothing, as in cookie mode, whose refresh token comes in the cookie. It is JSON all the same. */
export const noBody = z.object({});
