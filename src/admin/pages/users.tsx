/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The list of users: search, filters, order. */
import { fill } from '../../languages/describe.ts';
import type { User } from '../../model.ts';
import type { UserQuery, UserSort } from '../list-ports.ts';
import { userParameters } from '../listing.ts';
import { CheckAll, ExportForm, GroupForm, GroupMember, HiddenFields } from './groups.tsx';
import { Layout } from './layout.tsx';
import { type Filter, Filters, List, type Listed, linkTo } from './list.tsx';
import { Badge, type ConsoleWords, Field, Note, Outside } from './parts.tsx';
import { type Column, Table } from './table.tsx';
import { Time } from './time.tsx';

const filtersOf = ({ user }: ConsoleWords): readonly Filter[] => [
  ['is_active', user.active],
  ['is_staff', user.staff],
  ['email_verified', user.verified],
  ['second_factor', user.secondFactor],
  ['passkey', user.passkey],
  ['connection', user.connection],
];

const TOO_MANY = {
  date_joined: 'tooManyByDate',
  email: 'tooManyByEmail',
  username: 'tooManyByUsername',
} as const;

/** What stands in place of a list of nobody. */
function noneText({ users }: ConsoleWords, search: string, filtered: boolean): string {
  if (search === '') return filtered ? users.noneFit : users.none;
  return fill(filtered ? users.noneBeginAndFit : users.noneBegin, { search });
}

const Status = ({ words, user }: { words: ConsoleWords['user']; user: User }) => (
  <>
    {user.isActive ? null : <Badge kind="bad">{words.isInactive}</Badge>}
    {user.isStaff && <Badge kind="info">{words.isStaff}</Badge>}
    <Badge kind={user.emailVerifiedAt === null ? 'plain' : 'good'}>
      {user.emailVerifiedAt === null ? words.isNotVerified : words.isVerified}
    </Badge>
  </>
);

export const UsersPage = (
  props: {
    users: User[];
    tooMany: boolean;
    order: Pick<UserQuery, 'sort' | 'descending'>;
  } & Listed,
) => {
  const { frame, users, query } = props;
  const { base, words } = frame;
  const label = words.user;
  const { sort, descending } = props.order;
  const path = `${base}/users`;
  const filters = filtersOf(words);
  const list = userParameters(query);
  const { search: typed = '', ...others } = list;
  const search = typed.trim();
  const filtered = filters.some(([name]) => query[name]);

  /** A heading that sorts, the other way round where it does already. */
  const sorted = (by: UserSort, text: string, column: Omit<Column<User>, 'head'>): Column<User> => ({
    ...column,
    label: text,
    sort: by !== sort ? undefined : descending ? 'descending' : 'ascending',
    head: (
      <a href={linkTo(path, query, { ordering: by === sort && !descending ? `-${by}` : by })}>
        {text}
        {by === sort && <span aria-hidden="true">{descending ? ' ↓' : ' ↑'}</span>}
      </a>
    ),
  });

  return (
    <Layout frame={frame} title={words.places.users} place="users">
      <search class="finder">
        <form class="filters" method="get" action={path}>
          <Field name="search" label={words.users.searchLabel} type="search" value={typed} />
          <HiddenFields values={others} />
          <button type="submit">{words.search}</button>
          {(search !== '' || filtered) && <a href={path}>{words.clear}</a>}
          <a class="button primary end" href={`${path}/add`}>
            {words.users.add}
          </a>
        </form>
        <Filters frame={frame} path={path} query={query} filters={filters} />
      </search>
      {props.tooMany && <Note>{words.users[TOO_MANY[sort]]}</Note>}
      <List {...props} path={path} shown={users.length}>
        {users.length > 1 && <CheckAll frame={frame} />}
        <Table
          caption={search !== '' || filtered ? words.users.matching : words.users.allUsers}
          rows={users}
          none={<Outside text={noneText(words, search, filtered)} />}
          columns={[
            sorted('email', label.email, {
              cell: (user) => <GroupMember base={base} user={user} />,
            }),
            sorted('username', label.username, {
              cell: ({ username }) => username && <Outside text={username} />,
            }),
            { head: label.name, cell: ({ name }) => name && <Outside text={name} /> },
            { head: label.status, cell: (user) => <Status words={label} user={user} /> },
            sorted('date_joined', label.joined, {
              cell: ({ dateJoined }) => <Time at={dateJoined} />,
              kind: 'time',
            }),
            {
              head: label.lastLogIn,
              cell: ({ lastLoginAt }) => <Time at={lastLoginAt} never={words.never} />,
              kind: 'time',
            },
          ]}
        />
        {users.length > 0 && (
          <div class="acts within-reach">
            <GroupForm frame={frame} list={list} />
            <ExportForm frame={frame} list={list} />
          </div>
        )}
      </List>
    </Layout>
  );
};
