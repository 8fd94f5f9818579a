/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The forms with which staff set a user's address or password. */
import type { User } from '../../model.ts';
import { type Consequence, Consequences } from './confirm.tsx';
import { Faults } from './faults.tsx';
import { Layout } from './layout.tsx';
import { Check, Field, type FormErrors, type Frame, nameOf, Outside, userPath } from './parts.tsx';

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
  const { words, base } = frame;
  const label = words.credentials;
  const path = userPath(base, user.id);
  return (
    <Layout frame={frame} title={label.emailTitle} place="users">
      <Faults words={words} errors={errors} />
      <form class="card narrow" method="post" action={`${path}/email`}>
        <strong>
          <Outside text={nameOf(user)} />
        </strong>
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
        <div class="acts">
          <button type="submit" class="primary">
            {label.emailButton}
          </button>
          <a class="button" href={path}>
            {words.cancel}
          </a>
        </div>
      </form>
    </Layout>
  );
};

export const PasswordPage = ({ frame, user, errors, ...consequence }: FormProps) => {
  const { words, base } = frame;
  const label = words.credentials;
  const path = userPath(base, user.id);
  return (
    <Layout frame={frame} title={label.passwordTitle} place="users">
      <Faults words={words} errors={errors} />
      <form class="card narrow" method="post" action={`${path}/password`}>
        <strong>
          <Outside text={nameOf(user)} />
        </strong>
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
        <div class="acts">
          <button type="submit" class="primary">
            {label.passwordButton}
          </button>
          <a class="button" href={path}>
            {words.cancel}
          </a>
        </div>
      </form>
    </Layout>
  );
};
