/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Pages that are one form: faults at the top, fields, a button and a way back. */
import type { Child } from 'hono/jsx';
import type { User } from '../../model.ts';
import { Faults } from './faults.tsx';
import { Layout } from './layout.tsx';
import { FormActs, type FormErrors, type Frame, nameOf, Outside, userPath } from './parts.tsx';

interface FormPageProps {
  frame: Frame;
  title: string;
  /** The path to which it is sent. */
  to: string;
  /** The path of the way out. */
  back: string;
  /** Undefined: there is nothing to do. */
  button: string | undefined;
  kind?: 'primary' | 'danger' | undefined;
  errors?: FormErrors | undefined;
  children?: Child;
}

export const FormPage = ({ frame, title, to, back, button, kind, errors, children }: FormPageProps) => {
  const { words } = frame;
  return (
    <Layout frame={frame} title={title} place="users">
      <Faults words={words} errors={errors} />
      <form class="card narrow" method="post" action={to}>
        {children}
        <FormActs words={words} button={button} kind={kind} back={back} />
      </form>
    </Layout>
  );
};

/** About one user, whose name stands on top. `at`: the path to which it is sent, below the user's. */
export const UserForm = ({
  user,
  at,
  children,
  ...form
}: Omit<FormPageProps, 'to' | 'back'> & { user: User; at: string }) => {
  const path = userPath(form.frame.base, user.id);
  return (
    <FormPage {...form} to={`${path}/${at}`} back={path}>
      <strong>
        <Outside text={nameOf(user)} />
      </strong>
      {children}
    </FormPage>
  );
};
