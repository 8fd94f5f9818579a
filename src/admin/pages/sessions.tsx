/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The sessions (outstanding tokens), and the blacklist of refresh tokens. */
import { fill } from '../../languages/describe.ts';
import type { Session, User } from '../../model.ts';
import type { RevokedTokenRow } from '../ports.ts';
import { Layout } from './layout.tsx';
import {
  ActionForm,
  Badge,
  type ConsoleWords,
  Field,
  type Frame,
  type Listed,
  Looked,
  nameOf,
  Outside,
  Pager,
  type Query,
  Table,
  Time,
  userPath,
  wordFor,
} from './parts.tsx';

/** The form that finds a session by its id. */
const LookUp = (props: { words: ConsoleWords; path: string; name: string; label: string; query: Query }) => {
  const value = props.query[props.name];
  return (
    <form class="filters" method="get" action={props.path}>
      <Field name={props.name} label={props.label} type="search" value={value} />
      <button type="submit">{props.words.lookUp}</button>
      {value && <a href={props.path}>{props.words.clear}</a>}
    </form>
  );
};

const reasonText = ({ reasons }: ConsoleWords, reason: string | null): string =>
  wordFor(reasons, reason ?? 'ended');

export const SessionTable = (props: {
  frame: Frame;
  /** The path of the user. */
  path: string;
  sessions: Session[];
  /** The session of this request. */
  own: string;
  now: number;
  caption: string;
  none?: string;
}) => {
  const { words } = props.frame;
  const label = words.sessions;
  const lives = (session: Session) => session.revokedAt === null && session.absoluteEndAt > props.now;
  return (
    <Table
      caption={props.caption}
      rows={props.sessions}
      none={props.none ?? label.none}
      columns={[
        [label.session, ({ id }) => <code>{id}</code>],
        [
          label.state,
          (session) => (
            <>
              {session.revokedAt !== null ? (
                <Badge kind={session.revokedReason === 'replayed' ? 'bad' : 'plain'}>
                  {reasonText(words, session.revokedReason)}
                </Badge>
              ) : (
                <Badge kind={lives(session) ? 'good' : 'plain'}>
                  {lives(session) ? label.live : label.expired}
                </Badge>
              )}
              {session.id === props.own && <Badge kind="info">{label.thisOne}</Badge>}
            </>
          ),
        ],
        [label.began, ({ createdAt }) => <Time at={createdAt} />, 'time'],
        [label.lastUsed, ({ lastUsedAt }) => <Time at={lastUsedAt} />, 'time wide'],
        [label.expires, ({ expiresAt }) => <Time at={expiresAt} />, 'time wide'],
        [label.from, ({ ip, country }) => <Outside text={[ip, country].filter(Boolean).join(' ')} />],
        [label.device, ({ userAgent }) => <Outside text={userAgent} />, 'wide agent'],
        [
          <span class="hidden">{label.action}</span>,
          (session) =>
            lives(session) && (
              <ActionForm
                to={`${props.path}/sessions/${encodeURIComponent(session.id)}/end`}
                kind="small"
                label={fill(label.endOne, { id: session.id })}
              >
                {label.end}
              </ActionForm>
            ),
        ],
      ]}
    />
  );
};

export const UserSessionsPage = (
  props: { user: User; sessions: Session[]; own: string; now: number } & Listed,
) => {
  const { user } = props;
  const { words } = props.frame;
  const path = userPath(props.frame.base, user.id);
  return (
    <Layout frame={props.frame} title={words.sessions.title} place="users">
      <a href={path}>
        <Outside text={nameOf(user)} />
      </a>
      <LookUp
        words={words}
        path={`${path}/sessions`}
        name="id"
        label={words.sessions.id}
        query={props.query}
      />
      <SessionTable {...props} path={path} caption={words.newestFirst} none={words.sessions.noSuch} />
      <Pager {...props} path={`${path}/sessions`} />
    </Layout>
  );
};

export const RevokedTokensPage = (props: { rows: RevokedTokenRow[] } & Listed) => {
  const { words } = props.frame;
  const label = words.revokedTokens;
  const path = `${props.frame.base}/revoked-tokens`;
  return (
    <Layout frame={props.frame} title={words.places.revoked_tokens} place="revoked_tokens">
      <p class="dim">{label.about}</p>
      <LookUp words={words} path={path} name="jti" label={label.id} query={props.query} />
      <Looked {...props} found={props.rows.length} />
      <Table
        caption={label.latestFirst}
        rows={props.rows}
        none={label.noneHere}
        columns={[
          [label.token, (row) => <code>{row.jti}</code>],
          [label.why, ({ reason }) => reasonText(words, reason)],
          [label.revoked, ({ revokedAt }) => <Time at={revokedAt} />, 'time'],
          [label.expires, ({ expiresAt }) => <Time at={expiresAt} />, 'time'],
          [words.sessions.session, ({ sessionId }) => <code>{sessionId}</code>, 'wide'],
        ]}
      />
      <Pager path={path} {...props} />
    </Layout>
  );
};
