/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** One user: who it is, what can be changed, the sessions, the history; and the page that adds one. */
import type { Session, User } from '../../ports.ts';
import type { HistoryRow } from '../ports.ts';
import { HistoryTable } from './history.tsx';
import { type Frame, Layout } from './layout.tsx';
import {
  ActionForm,
  Badge,
  Faults,
  Field,
  type FormErrors,
  nameOf,
  Outside,
  Time,
  userPath,
} from './parts.tsx';
import { SessionTable } from './sessions.tsx';

/** What was typed into a form, where it is shown again. */
export type Typed = Readonly<Record<string, string | undefined>>;

const Facts = ({ user }: { user: User }) => {
  const verified = user.emailVerifiedAt !== null;
  const facts = {
    'E-mail': (
      <>
        <Outside text={user.email ?? 'none'} />{' '}
        <Badge kind={verified ? 'good' : 'plain'}>{verified ? 'verified' : 'not verified'}</Badge>
      </>
    ),
    TokenStatus: (
      <>
        <Badge kind={user.isActive ? 'good' : 'bad'}>{user.isActive ? 'active' : 'inactive'}</Badge>
        {user.isStaff && <Badge kind="info">staff</Badge>}
      </>
    ),
    'Joined (UTC)': <Time at={user.dateJoined} />,
    'Last log-in': <Time at={user.lastLoginAt} />,
    Id: <code>{user.id}</code>,
  };
  return (
    <dl class="facts">
      {Object.entries(facts).map(([term, fact]) => (
        <>
          <dt>{term}</dt>
          <dd>{fact}</dd>
        </>
      ))}
    </dl>
  );
};

export const UserPage = (props: {
  frame: Frame;
  user: User;
  sessions: Session[];
  history: HistoryRow[];
  own: string;
  now: number;
  canReset: boolean;
  typed?: Typed;
  errors?: FormErrors | undefined;
}) => {
  const { user, typed = { username: user.username ?? '', name: user.name ?? '' }, errors } = props;
  const { base } = props.frame;
  const path = userPath(base, user.id);
  const post = (act: string, label: string) => <ActionForm to={`${path}/${act}`}>{label}</ActionForm>;
  const ask = (act: string, label: string) => (
    <a class={act === 'delete' ? 'button danger' : 'button'} href={`${path}/${act}`}>
      {label}
    </a>
  );
  return (
    <Layout frame={props.frame} title={nameOf(user)} place="Users">
      <Faults errors={errors} />
      <div class="columns">
        <section class="card">
          <h2>Account</h2>
          <Facts user={user} />
        </section>
        <form class="card" method="post" action={path}>
          <h2>Profile</h2>
          <Field name="username" label="Username" value={typed.username} errors={errors} autocomplete="off" />
          <Field name="name" label="Name" value={typed.name} errors={errors} autocomplete="off" />
          <button type="submit" class="primary">
            Save
          </button>
        </form>
        <section class="card">
          <h2>Actions</h2>
          <div class="acts">
            {props.canReset && post('password-reset', 'Send a password reset')}
            {ask('end-sessions', 'End all sessions…')}
            {user.isStaff ? ask('demote', 'Remove from staff…') : post('promote', 'Make staff')}
            {user.isActive ? ask('deactivate', 'Deactivate…') : post('activate', 'Activate')}
            {ask('delete', 'Delete…')}
          </div>
        </section>
      </div>
      <SessionTable {...props} path={path} caption="Latest sessions" />
      <a href={`${path}/sessions`}>All sessions of this user</a>
      <HistoryTable base={base} rows={props.history} caption="Latest history" />
      <a href={`${base}/history?user=${encodeURIComponent(user.id)}`}>All history of this user</a>
    </Layout>
  );
};

export const AddUserPage = (props: { frame: Frame; typed: Typed; errors?: FormErrors | undefined }) => {
  const { typed, errors } = props;
  const path = `${props.frame.base}/users`;
  const common = { errors, autocomplete: 'off' };
  return (
    <Layout frame={props.frame} title="Add user" place="Users">
      <Faults errors={errors} />
      <form class="card narrow" method="post" action={`${path}/add`}>
        <Field name="email" label="E-mail" inputmode="email" value={typed.email} required {...common} />
        <Field name="username" label="Username (optional)" value={typed.username} {...common} />
        <Field name="name" label="Name (optional)" value={typed.name} {...common} />
        <Field
          name="password"
          label="Password"
          type="password"
          hint="The same rules as at sign-up."
          errors={errors}
          autocomplete="new-password"
          required
        />
        <div class="check">
          <input
            id="is_staff"
            name="is_staff"
            type="checkbox"
            value="true"
            checked={typed.is_staff === 'true'}
          />
          <label for="is_staff">Staff: may use this console</label>
        </div>
        <div class="acts">
          <button type="submit" class="primary">
            Add user
          </button>
          <a class="button" href={path}>
            Cancel
          </a>
        </div>
      </form>
    </Layout>
  );
};
