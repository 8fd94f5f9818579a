/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The list of users: search, filters, order. */
import type { User } from '../../model.ts';
import type { UserQuery, UserSort } from '../ports.ts';
import { ExportForm, GroupForm, GroupMember } from './groups.tsx';
import { Layout } from './layout.tsx';
import {
  type Column,
  type ConsoleWords,
  Field,
  type Listed,
  Looked,
  linkTo,
  Note,
  Outside,
  Pager,
  Table,
  Time,
  YesNo,
} from './parts.tsx';

/** A filter, and the key of its label. */
const FLAGS = [
  ['is_active', 'active'],
  ['is_staff', 'staff'],
  ['email_verified', 'verified'],
] as const;

const TOO_MANY = {
  date_joined: 'tooManyByDate',
  email: 'tooManyByEmail',
  username: 'tooManyByUsername',
} as const;

const Choice = ({
  words,
  name,
  label,
  chosen = '',
}: {
  words: ConsoleWords['users'];
  name: string;
  label: string;
  chosen: string | undefined;
}) => (
  <div class="field">
    <label for={name}>{label}</label>
    <select id={name} name={name}>
      {Object.entries({ '': words.all, true: words.yes, false: words.no }).map(([value, text]) => (
        <option value={value} selected={value === chosen}>
          {text}
        </option>
      ))}
    </select>
  </div>
);

export const UsersPage = (
  props: {
    users: User[];
    tooMany: boolean;
    order: Pick<UserQuery, 'sort' | 'descending'>;
  } & Listed,
) => {
  const { users, query } = props;
  const { base, words } = props.frame;
  const label = words.user;
  const { sort, descending } = props.order;
  const path = `${base}/users`;
  const filtered = ['search', ...FLAGS.map(([name]) => name)].some((name) => query[name]);

  /** A heading that sorts by its column, and reverses the order if it already does. */
  const sorted = (
    by: UserSort,
    heading: string,
    cell: Column<User>[1],
    kind?: Column<User>[2],
  ): Column<User> => {
    const ordering = by === sort && !descending ? `-${by}` : by;
    return [
      <a href={linkTo(path, query, { ordering })}>
        {heading}
        {by === sort && <span aria-hidden="true">{descending ? ' ↓' : ' ↑'}</span>}
      </a>,
      cell,
      kind,
      by === sort ? (descending ? 'descending' : 'ascending') : undefined,
    ] as unknown as Column<User>;
  };

  return (
    <Layout frame={props.frame} title={words.places.users} place="users">
      <search>
        <form class="filters" method="get" action={path}>
          <Field name="search" label={words.users.searchLabel} type="search" value={query.search} />
          {FLAGS.map(([name, flag]) => (
            <Choice words={words.users} name={name} label={label[flag]} chosen={query[name]} />
          ))}
          {query.ordering && <input type="hidden" name="ordering" value={query.ordering} />}
          <button type="submit">{words.search}</button>
          {filtered && <a href={path}>{words.clear}</a>}
          <a class="button primary end" href={`${path}/add`}>
            {words.users.add}
          </a>
        </form>
      </search>
      {props.tooMany && <Note>{words.users[TOO_MANY[sort]]}</Note>}
      <Looked {...props} found={users.length} />
      <Table
        caption={filtered ? words.users.matching : words.users.allUsers}
        rows={users}
        none={words.users.noneHere}
        columns={[
          sorted('email', label.email, (user) => <GroupMember base={base} user={user} />),
          sorted('username', label.username, ({ username }) => <Outside text={username} />, 'wide'),
          [label.name, ({ name }) => <Outside text={name} />, 'wide'],
          [label.active, ({ isActive }) => <YesNo words={words} is={isActive} no="bad" />],
          [label.staff, ({ isStaff }) => <YesNo words={words} is={isStaff} />],
          [
            label.verified,
            ({ emailVerifiedAt }) => <YesNo words={words} is={emailVerifiedAt !== null} />,
            'wide',
          ],
          sorted('date_joined', label.joined, ({ dateJoined }) => <Time at={dateJoined} />, 'time'),
          [label.lastLogIn, ({ lastLoginAt }) => <Time at={lastLoginAt} never={words.never} />, 'time wide'],
        ]}
      />
      {users.length > 0 && (
        <div class="acts">
          <GroupForm frame={props.frame} />
          <ExportForm frame={props.frame} query={query} />
        </div>
      )}
      <Pager path={path} {...props} />
    </Layout>
  );
};
