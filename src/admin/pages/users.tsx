/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The list of users: search, filters, order. */
import type { User } from '../../ports.ts';
import type { UserQuery, UserSort } from '../ports.ts';
import { type Frame, Layout } from './layout.tsx';
import {
  type Column,
  Field,
  type Listed,
  Looked,
  linkTo,
  Note,
  nameOf,
  Outside,
  Pager,
  Table,
  Time,
  userPath,
  YesNo,
} from './parts.tsx';

const FLAGS = [
  ['is_active', 'Active'],
  ['is_staff', 'Staff'],
  ['email_verified', 'Verified'],
] as const;

const Choice = ({
  name,
  label,
  chosen = '',
}: {
  name: string;
  label: string;
  chosen: string | undefined;
}) => (
  <div class="field">
    <label for={name}>{label}</label>
    <select id={name} name={name}>
      {Object.entries({ '': 'All', true: 'Yes', false: 'No' }).map(([value, text]) => (
        <option value={value} selected={value === chosen}>
          {text}
        </option>
      ))}
    </select>
  </div>
);

export const UsersPage = (
  props: {
    frame: Frame;
    users: User[];
    tooMany: boolean;
    order: Pick<UserQuery, 'sort' | 'descending'>;
  } & Listed,
) => {
  const { users, query } = props;
  const { base } = props.frame;
  const { sort, descending } = props.order;
  const path = `${base}/users`;
  const filtered = ['search', ...FLAGS.map(([name]) => name)].some((name) => query[name]);

  /** A heading that sorts, the other way round where it does already. */
  const sorted = (
    by: UserSort,
    label: string,
    cell: Column<User>[1],
    kind?: Column<User>[2],
  ): Column<User> => {
    const ordering = by === sort && !descending ? `-${by}` : by;
    return [
      <a href={linkTo(path, query, { ordering })}>
        {label}
        {by === sort && <span aria-hidden="true">{descending ? ' ↓' : ' ↑'}</span>}
      </a>,
      cell,
      kind,
      by === sort ? (descending ? 'descending' : 'ascending') : undefined,
    ] as unknown as Column<User>;
  };

  return (
    <Layout frame={props.frame} title="Users" place="Users">
      <search>
        <form class="filters" method="get" action={path}>
          <Field name="search" label="E-mail or username begins with" type="search" value={query.search} />
          {FLAGS.map(([name, label]) => (
            <Choice name={name} label={label} chosen={query[name]} />
          ))}
          {query.ordering && <input type="hidden" name="ordering" value={query.ordering} />}
          <button type="submit">Search</button>
          {filtered && <a href={path}>Clear</a>}
          <a class="button primary end" href={`${path}/add`}>
            Add user
          </a>
        </form>
      </search>
      {props.tooMany && (
        <Note>
          More than 1,000 users begin so. Write more of the name
          {sort === 'date_joined'
            ? ', or sort by it.'
            : `; only ${sort === 'email' ? 'e-mail addresses' : 'usernames'} were searched.`}
        </Note>
      )}
      <Looked {...props} found={users.length} />
      <Table
        caption={filtered ? 'Matching users' : 'All users'}
        rows={users}
        none="No users here."
        columns={[
          sorted('email', 'E-mail', (user) => (
            <a href={userPath(base, user.id)}>
              <Outside text={nameOf(user)} />
            </a>
          )),
          sorted('username', 'Username', ({ username }) => <Outside text={username} />, 'wide'),
          ['Name', ({ name }) => <Outside text={name} />, 'wide'],
          ['Active', ({ isActive }) => <YesNo is={isActive} no="bad" />],
          ['Staff', ({ isStaff }) => <YesNo is={isStaff} />],
          ['Verified', ({ emailVerifiedAt }) => <YesNo is={emailVerifiedAt !== null} />, 'wide'],
          sorted('date_joined', 'Joined (UTC)', ({ dateJoined }) => <Time at={dateJoined} />, 'time'),
          ['Last log-in', ({ lastLoginAt }) => <Time at={lastLoginAt} />, 'time wide'],
        ]}
      />
      <Pager path={path} {...props} />
    </Layout>
  );
};
