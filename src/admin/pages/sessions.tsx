/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Sessions, which are the outstanding tokens, and the blacklist of refresh tokens. */
import type { Session, User } from '../../ports.ts';
import type { RevokedTokenRow } from '../ports.ts';
import { type Frame, Layout } from './layout.tsx';
import {
  ActionForm,
  Badge,
  Field,
  type Listed,
  Looked,
  nameOf,
  Outside,
  Pager,
  type Query,
  Table,
  Time,
  userPath,
} from './parts.tsx';

/** One by its id. */
const LookUp = (props: { path: string; name: string; label: string; query: Query }) => {
  const value = props.query[props.name];
  return (
    <form class="filters" method="get" action={props.path}>
      <Field name={props.name} label={props.label} type="search" value={value} />
      <button type="submit">Look up</button>
      {value && <a href={props.path}>Clear</a>}
    </form>
  );
};

const words = (reason: string | null) => (reason ?? 'ended').replaceAll('_', ' ');

export const SessionTable = (props: {
  /** Of the user. */
  path: string;
  sessions: Session[];
  /** The session that looks at this page. */
  own: string;
  now: number;
  caption: string;
  none?: string;
}) => {
  const lives = (session: Session) => session.revokedAt === null && session.absoluteEndAt > props.now;
  return (
    <Table
      caption={props.caption}
      rows={props.sessions}
      none={props.none ?? 'None.'}
      columns={[
        ['Session', ({ id }) => <code>{id}</code>],
        [
          'State',
          (session) => (
            <>
              {session.revokedAt !== null ? (
                <Badge kind={session.revokedReason === 'replayed' ? 'bad' : 'plain'}>
                  {words(session.revokedReason)}
                </Badge>
              ) : (
                <Badge kind={lives(session) ? 'good' : 'plain'}>{lives(session) ? 'live' : 'expired'}</Badge>
              )}
              {session.id === props.own && <Badge kind="info">this one</Badge>}
            </>
          ),
        ],
        ['Began (UTC)', ({ createdAt }) => <Time at={createdAt} />, 'time'],
        ['Last used', ({ lastUsedAt }) => <Time at={lastUsedAt} />, 'time wide'],
        ['Expires', ({ expiresAt }) => <Time at={expiresAt} />, 'time wide'],
        ['From', ({ ip, country }) => <Outside text={[ip, country].filter(Boolean).join(' ')} />],
        ['Device', ({ userAgent }) => <Outside text={userAgent} />, 'wide agent'],
        [
          <span class="hidden">Action</span>,
          (session) =>
            lives(session) && (
              <ActionForm
                to={`${props.path}/sessions/${encodeURIComponent(session.id)}/end`}
                kind="small"
                label={`End session ${session.id}`}
              >
                End
              </ActionForm>
            ),
        ],
      ]}
    />
  );
};

export const UserSessionsPage = (
  props: { frame: Frame; user: User; sessions: Session[]; own: string; now: number } & Listed,
) => {
  const { user } = props;
  const path = userPath(props.frame.base, user.id);
  return (
    <Layout frame={props.frame} title="Sessions" place="Users">
      <a href={path}>
        <Outside text={nameOf(user)} />
      </a>
      <LookUp path={`${path}/sessions`} name="id" label="Session id" query={props.query} />
      <SessionTable {...props} path={path} caption="Newest first" none="There is no such session." />
      <Pager {...props} path={`${path}/sessions`} />
    </Layout>
  );
};

export const RevokedTokensPage = (props: { frame: Frame; rows: RevokedTokenRow[] } & Listed) => {
  const path = `${props.frame.base}/revoked-tokens`;
  return (
    <Layout frame={props.frame} title="Revoked tokens" place="Revoked tokens">
      <p class="dim">
        The blacklist of refresh tokens. A revocation is never taken back; a row goes once its token has
        expired.
      </p>
      <LookUp path={path} name="jti" label="Token id (jti)" query={props.query} />
      <Looked {...props} found={props.rows.length} />
      <Table
        caption="Latest expiry first"
        rows={props.rows}
        none="No token here."
        columns={[
          ['Token (jti)', (row) => <code>{row.jti}</code>],
          ['Why', ({ reason }) => words(reason)],
          ['Revoked (UTC)', ({ revokedAt }) => <Time at={revokedAt} />, 'time'],
          ['Expires (UTC)', ({ expiresAt }) => <Time at={expiresAt} />, 'time'],
          ['Session', ({ sessionId }) => <code>{sessionId}</code>, 'wide'],
        ]}
      />
      <Pager path={path} {...props} />
    </Layout>
  );
};
