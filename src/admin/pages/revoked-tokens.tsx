/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The blacklist of refresh tokens. */
import type { Person, RevokedTokenRow } from '../list-ports.ts';
import { Layout } from './layout.tsx';
import { List, type Listed, LookUp } from './list.tsx';
import { PersonLink, userPath } from './parts.tsx';
import { reasonText } from './sessions.tsx';
import { Details, Table } from './table.tsx';
import { Time } from './time.tsx';

/** `owners`: by the id of the session, as far as they were found. */
export const RevokedTokensPage = (
  props: { rows: RevokedTokenRow[]; owners: ReadonlyMap<string, Person> } & Listed,
) => {
  const { frame, rows, owners, query } = props;
  const { words } = frame;
  const label = words.revokedTokens;
  const path = `${frame.base}/revoked-tokens`;
  const sessionLink = (id: string) => {
    const owner = owners.get(id);
    const code = <code>{id}</code>;
    return owner ? (
      <a href={`${userPath(frame.base, owner.id)}/sessions?id=${encodeURIComponent(id)}`}>{code}</a>
    ) : (
      code
    );
  };
  return (
    <Layout frame={frame} title={words.places.revoked_tokens} place="revoked_tokens">
      <p class="dim">{label.about}</p>
      <LookUp frame={frame} path={path} name="jti" label={label.id} query={query} />
      <List {...props} path={path} shown={rows.length}>
        <Table
          caption={label.latestFirst}
          rows={rows}
          none={query.jti ? label.noSuch : label.none}
          columns={[
            {
              head: label.user,
              cell: ({ sessionId }) => {
                const owner = owners.get(sessionId);
                return owner ? (
                  <PersonLink frame={frame} person={owner} />
                ) : (
                  <span class="dim">{label.unknownUser}</span>
                );
              },
            },
            { head: label.why, cell: ({ reason }) => reasonText(words, reason) },
            { head: label.revoked, cell: ({ revokedAt }) => <Time at={revokedAt} />, kind: 'time' },
            { head: label.expires, cell: ({ expiresAt }) => <Time at={expiresAt} />, kind: 'time' },
            {
              head: words.lists.details,
              cell: ({ jti, sessionId }) => (
                <Details
                  summary={words.lists.details}
                  facts={{
                    [label.id]: <code>{jti}</code>,
                    [words.sessions.id]: sessionLink(sessionId),
                  }}
                />
              ),
            },
          ]}
        />
      </List>
    </Layout>
  );
};
