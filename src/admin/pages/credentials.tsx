/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The forms with which staff set a user's address or password. */
import type { User } from '../../model.ts';
import { type Consequence, Consequences } from './confirm.tsx';
import { UserForm } from './form-page.tsx';
import { Check, Field, type FormErrors, type Frame } from './parts.tsx';

interface FormProps extends Consequence {
  frame: Frame;
  user: User;
  errors?: FormErrors | undefined;
}

export const EmailPage = ({
  frame,
  user,
  errors,
  email,
  verified,
  ...consequence
}: FormProps & { email: string; verified: boolean }) => {
  const { words } = frame;
  const label = words.credentials;
  const form = { frame, user, errors, at: 'email', title: label.emailTitle, button: label.emailButton };
  return (
    <UserForm {...form}>
      <p>{user.emailVerifiedAt === null ? label.emailText : label.emailTextVerified}</p>
      <Consequences words={words} {...consequence} />
      <Field
        name="email"
        label={words.user.email}
        inputmode="email"
        value={email}
        errors={errors}
        autocomplete="off"
        required
      />
      <Check name="verified" label={label.theirs} checked={verified} />
    </UserForm>
  );
};

export const PasswordPage = ({ frame, user, errors, ...consequence }: FormProps) => {
  const { words } = frame;
  const label = words.credentials;
  const form = {
    frame,
    user,
    errors,
    at: 'password',
    title: label.passwordTitle,
    button: label.passwordButton,
  };
  return (
    <UserForm {...form}>
      <p>{label.passwordText}</p>
      <Consequences words={words} {...consequence} />
      <Field
        name="password"
        label={label.newPassword}
        type="password"
        hint={words.user.passwordHint}
        errors={errors}
        autocomplete="new-password"
        required
      />
    </UserForm>
  );
};
