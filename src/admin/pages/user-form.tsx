/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The frame of the forms about one user: faults, the user's name, a button, and a way back to the user's page. */
import type { Child } from 'hono/jsx';
import type { User } from '../../model.ts';
import { Faults } from './faults.tsx';
import { Layout } from './layout.tsx';
import { FormActs, type FormErrors, type Frame, nameOf, Outside, userPath } from './parts.tsx';

export const UserForm = ({
  frame,
  user,
  title,
  at,
  button,
  kind,
  errors,
  children,
}: {
  frame: Frame;
  user: User;
  title: string;
  /** The path to which it is sent, below the user's. */
  at: string;
  button: string;
  kind?: 'primary' | 'danger' | undefined;
  errors?: FormErrors | undefined;
  children?: Child;
}) => {
  const { words, base } = frame;
  const path = userPath(base, user.id);
  return (
    <Layout frame={frame} title={title} place="users">
      <Faults words={words} errors={errors} />
      <form class="card narrow" method="post" action={`${path}/${at}`}>
        <strong>
          <Outside text={nameOf(user)} />
        </strong>
        {children}
        <FormActs words={words} button={button} kind={kind} back={path} />
      </form>
    </Layout>
  );
};
