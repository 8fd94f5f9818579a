/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The page of one user: data, actions, sessions, history; and the page that adds one. */
import { fill } from '../../languages/describe.ts';
import type { User } from '../../model.ts';
import type { FactorList } from '../../second-factor/ports.ts';
import type { Activity } from '../activity.ts';
import type { SeenSession } from '../devices.ts';
import type { SignInMethods } from '../ports.ts';
import { ActivityTable } from './activity.tsx';
import { Faults } from './faults.tsx';
import { FormPage } from './form-page.tsx';
import { Layout } from './layout.tsx';
import {
  ActionForm,
  Badge,
  Check,
  type ConsoleWords,
  Field,
  type FormErrors,
  type Frame,
  nameOf,
  Outside,
  UnverifiedCheck,
  userPath,
} from './parts.tsx';
import { SessionTable } from './sessions.tsx';
import { type ProviderNames, SignInMethodTables } from './sign-in-methods.tsx';
import { Facts } from './table.tsx';
import { Time } from './time.tsx';

/** The values of a form that is shown again. */
export type Typed = Readonly<Record<string, string | undefined>>;

const AccountFacts = (props: {
  words: ConsoleWords;
  user: User;
  factors: FactorList;
  setUpFactor: string | null;
}) => {
  const { words, user, factors, setUpFactor } = props;
  const verified = user.emailVerifiedAt !== null;
  const label = words.user;
  const facts = {
    [label.email]: (
      <>
        <Outside text={user.email ?? words.none} />{' '}
        <Badge kind={verified ? 'good' : 'plain'}>{verified ? label.isVerified : label.isNotVerified}</Badge>
      </>
    ),
    [label.status]: (
      <>
        <Badge kind={user.isActive ? 'good' : 'bad'}>
          {user.isActive ? label.isActive : label.isInactive}
        </Badge>
        {user.isStaff && <Badge kind="info">{label.isStaff}</Badge>}
      </>
    ),
    [label.password]: user.passwordHash === '' ? words.none : label.passwordSet,
    [label.secondFactor]: factors.totp ? (
      <>
        {label.factorOnSince} <Time at={factors.totp.createdAt} />
        {', '}
        {fill(label.recoveryCodesLeft, { count: factors.recoveryCodesLeft })}
      </>
    ) : (
      <>
        {label.factorOff} {setUpFactor && <a href={setUpFactor}>{words.secondFactor.title}</a>}
      </>
    ),
    [label.passkeys]: String(factors.passkeys),
    [label.joined]: <Time at={user.dateJoined} />,
    [label.lastLogIn]: <Time at={user.lastLoginAt} never={words.never} />,
    [label.id]: <code>{user.id}</code>,
  };
  return <Facts facts={facts} />;
};

export const UserPage = (props: {
  frame: Frame;
  user: User;
  sessions: SeenSession[];
  activity: Activity[];
  factors: FactorList;
  methods: SignInMethods;
  providers: ProviderNames;
  own: string;
  now: number;
  canReset: boolean;
  /** Whether it is the caller's own page, and the service has second factors. */
  canSetUpFactor: boolean;
  typed?: Typed;
  errors?: FormErrors | undefined;
}) => {
  const { user, typed = { username: user.username ?? '', name: user.name ?? '' }, errors } = props;
  const { base, words } = props.frame;
  const label = words.user;
  const path = userPath(base, user.id);
  const post = (act: string, text: string) => <ActionForm to={`${path}/${act}`}>{text}</ActionForm>;
  const ask = (act: string, text: string) => (
    <a class={act === 'delete' ? 'button danger' : 'button'} href={`${path}/${act}`}>
      {text}
    </a>
  );
  const activate =
    user.isStaff && user.emailVerifiedAt === null
      ? ask('activate', label.activate)
      : post('activate', label.activate);
  return (
    <Layout frame={props.frame} title={nameOf(user)} place="users">
      <Faults words={words} errors={errors} />
      <div class="columns">
        <section class="card">
          <h2>{label.account}</h2>
          <AccountFacts
            words={words}
            user={user}
            factors={props.factors}
            setUpFactor={props.canSetUpFactor ? `${base}/second-factor` : null}
          />
          {user.email === null && user.passwordHash === '' && <p class="hint">{label.noWayIn}</p>}
        </section>
        <form class="card" method="post" action={path}>
          <h2>{label.profile}</h2>
          <Field
            name="username"
            label={label.username}
            value={typed.username}
            errors={errors}
            autocomplete="off"
          />
          <Field name="name" label={label.name} value={typed.name} errors={errors} autocomplete="off" />
          <button type="submit" class="primary">
            {words.save}
          </button>
        </form>
        <section class="card">
          <h2>{label.actions}</h2>
          <div class="acts">
            {props.canReset &&
              (user.passwordHash === ''
                ? post('invite', label.invite)
                : post('password-reset', label.sendReset))}
            {ask('email', label.changeEmail)}
            {user.email !== null && user.emailVerifiedAt === null && ask('verify-email', label.verifyEmail)}
            {ask('password', label.setPassword)}
            {user.passwordHash !== '' && ask('remove-password', label.removePassword)}
            {ask('end-sessions', label.endSessions)}
            {user.isStaff ? ask('demote', label.removeFromStaff) : ask('promote', label.makeStaff)}
            {user.isActive ? ask('deactivate', label.deactivate) : activate}
            {props.factors.totp && ask('remove-factor', label.removeFactor)}
            {ask('delete', label.delete)}
          </div>
        </section>
      </div>
      <SignInMethodTables {...props} path={path} />
      <SessionTable {...props} caption={label.latestSessions} />
      <a href={`${path}/sessions`}>{label.allSessions}</a>
      <ActivityTable {...props} />
      <a href={`${base}/history?user=${encodeURIComponent(user.id)}`}>{words.activity.all}</a>
    </Layout>
  );
};

export const AddUserPage = (props: {
  frame: Frame;
  typed: Typed;
  canInvite: boolean;
  errors?: FormErrors | undefined;
}) => {
  const { frame, typed, errors } = props;
  const { words } = frame;
  const label = words.user;
  const path = `${frame.base}/users`;
  const common = { errors, autocomplete: 'off' };
  const { add } = words.users;
  return (
    <FormPage frame={frame} title={add} to={`${path}/add`} back={path} button={add} errors={errors}>
      <Field name="email" label={label.email} inputmode="email" value={typed.email} required {...common} />
      <Field name="username" label={label.usernameOptional} value={typed.username} {...common} />
      <Field name="name" label={label.nameOptional} value={typed.name} {...common} />
      <Field
        name="password"
        label={label.password}
        type="password"
        hint={label.passwordHint}
        errors={errors}
        autocomplete="new-password"
      />
      {props.canInvite && (
        <Check name="invite" label={label.inviteInstead} checked={typed.invite === 'true'} />
      )}
      <Check name="is_staff" label={label.staffMay} checked={typed.is_staff === 'true'} />
      <UnverifiedCheck words={words} checked={typed.unverified === 'true'} errors={errors} />
    </FormPage>
  );
};
