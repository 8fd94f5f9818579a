/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Sessions, as people recognise them: of one user, and all that are live. */
import { fill } from '../../languages/describe.ts';
import type { User } from '../../model.ts';
import type { SeenSession } from '../devices.ts';
import type { LiveSession } from '../list-ports.ts';
import { Layout } from './layout.tsx';
import { List, type Listed, LookUp } from './list.tsx';
import {
  ActionForm,
  Badge,
  type ConsoleWords,
  type Frame,
  nameOf,
  Outside,
  PersonLink,
  sessionEndPath,
  userPath,
  wordFor,
} from './parts.tsx';
import { type Column, Details, Table } from './table.tsx';
import { Time } from './time.tsx';

export const reasonText = ({ reasons }: ConsoleWords, reason: string | null): string =>
  wordFor(reasons, reason ?? 'ended');

/** `Safari on iPhone · Seoul, KR · 5 minutes ago`. */
export const SessionLine = ({ session }: { session: SeenSession }) => {
  const { device, place, ip, lastUsedAt } = session;
  return (
    <>
      <Outside text={[device, place ?? ip].filter(Boolean).join(' · ')} /> · <Time at={lastUsedAt} />
    </>
  );
};

const SessionDetails = ({ words, session }: { words: ConsoleWords; session: SeenSession }) => {
  const label = words.sessions;
  const outside = (text: string | null) => text && <Outside text={text} />;
  return (
    <Details
      summary={words.lists.details}
      facts={{
        [label.place]: outside([session.city, session.country].filter(Boolean).join(', ')) || null,
        [label.ip]: outside(session.ip),
        [label.lastUsed]: <Time at={session.lastUsedAt} />,
        [session.revokedAt === null ? label.expires : label.ended]: (
          <Time at={session.revokedAt ?? session.expiresAt} />
        ),
        [label.userAgent]: session.userAgent && (
          <code>
            <Outside text={session.userAgent} />
          </code>
        ),
        [label.id]: <code>{session.id}</code>,
      }}
    />
  );
};

/** What is in the table of one user, and in that of all. `own`: the session that looks at this page. */
function columnsOf<S extends SeenSession>(frame: Frame, own: string, now: number) {
  const { words } = frame;
  const label = words.sessions;
  const lives = (session: S) => session.revokedAt === null && session.absoluteEndAt > now;
  return {
    session: {
      head: label.session,
      cell: (session) => (
        <>
          <SessionLine session={session} />
          <SessionDetails words={words} session={session} />
        </>
      ),
    },
    status: {
      head: label.status,
      cell: (session) => (
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
          {session.id === own && <Badge kind="info">{label.thisOne}</Badge>}
        </>
      ),
    },
    signedIn: { head: label.signedIn, cell: ({ createdAt }) => <Time at={createdAt} />, kind: 'time' },
    end: {
      head: <span class="hidden">{label.action}</span>,
      kind: 'act',
      cell: (session) => {
        if (!lives(session)) return null;
        const to = `${userPath(frame.base, session.userId)}/${sessionEndPath(session.id)}`;
        const name = fill(label.endOne, {
          device: session.device,
          when: `${new Date(session.createdAt * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
        });
        // Ending the session that looks at this page logs out of the console: that is asked first.
        return session.id === own ? (
          <a href={to} aria-label={name}>
            {label.endOwn}
          </a>
        ) : (
          <ActionForm to={to} kind="small" label={name}>
            {label.end}
          </ActionForm>
        );
      },
    },
  } satisfies Record<string, Column<S>>;
}

interface Seen<S extends SeenSession = SeenSession> {
  frame: Frame;
  sessions: S[];
  own: string;
  now: number;
}

export const SessionTable = (props: Seen & { caption: string; none?: string }) => {
  const { frame, sessions, own, now } = props;
  const { session, status, signedIn, end } = columnsOf(frame, own, now);
  return (
    <Table
      caption={props.caption}
      rows={sessions}
      none={props.none ?? frame.words.sessions.none}
      columns={[session, status, signedIn, end]}
    />
  );
};

export const UserSessionsPage = (props: { user: User } & Seen & Listed) => {
  const { frame, user, query, sessions } = props;
  const { words } = frame;
  const path = userPath(frame.base, user.id);
  const at = `${path}/sessions`;
  const none = query.id ? words.sessions.noSuch : words.sessions.none;
  return (
    <Layout frame={frame} title={words.sessions.title} place="users">
      <a href={path}>
        <Outside text={nameOf(user)} />
      </a>
      <LookUp frame={frame} path={at} name="id" label={words.sessions.id} query={query} />
      <List {...props} path={at} shown={sessions.length}>
        <SessionTable {...props} caption={words.lists.newestFirst} none={none} />
      </List>
    </Layout>
  );
};

/** Of everybody. */
export const LiveSessionsPage = (props: Seen<SeenSession<LiveSession>> & Listed) => {
  const { frame, sessions } = props;
  const label = frame.words.sessions;
  const { session, signedIn, status, end } = columnsOf<SeenSession<LiveSession>>(frame, props.own, props.now);
  return (
    <Layout frame={frame} title={label.liveTitle}>
      <p class="dim">{label.aboutLive}</p>
      <List {...props} path={`${frame.base}/sessions`} shown={sessions.length}>
        <Table
          caption={label.liveTitle}
          rows={sessions}
          none={label.none}
          columns={[
            { head: label.user, cell: ({ user }) => <PersonLink frame={frame} person={user} /> },
            session,
            status,
            signedIn,
            end,
          ]}
        />
      </List>
    </Layout>
  );
};
