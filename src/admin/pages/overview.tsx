/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The figures, and the latest history. */
import type { Counts, HistoryRow } from '../list-ports.ts';
import { HistoryTable } from './history.tsx';
import { Layout } from './layout.tsx';
import { type Frame, Outside } from './parts.tsx';
import type { ProviderNames } from './sign-in-methods.tsx';

/** `sendsEvents`: shows the number of dead letters even if it is 0. */
export const OverviewPage = (props: {
  frame: Frame;
  counts: Counts;
  latest: HistoryRow[];
  sendsEvents: boolean;
  providers: ProviderNames;
}) => {
  const { counts } = props;
  const { base, language, words } = props.frame;
  const tiles = [
    [words.places.users, counts.users, '/users'],
    [words.overview.newThisWeek, counts.newThisWeek, '/users?ordering=-date_joined'],
    [words.overview.liveSessions, counts.liveSessions, '/sessions'],
    [words.overview.withSecondFactor, counts.withSecondFactor, '/users?second_factor=true'],
    [words.overview.withPasskey, counts.withPasskey, '/users?passkey=true'],
    [words.overview.withConnection, counts.withConnection, '/users?connection=true'],
    [words.places.revoked_tokens, counts.revokedTokens, '/revoked-tokens'],
    ...(props.sendsEvents || counts.deadLetters.count > 0
      ? [[words.deadLetters.title, counts.deadLetters, '/dead-letters'] as const]
      : []),
  ] as const;
  return (
    <Layout frame={props.frame} title={words.places.overview} place="overview">
      <dl class="tiles">
        {tiles.map(([label, { count, more }, path]) => (
          <div class="tile">
            <dt>
              <a href={base + path}>{label}</a>
            </dt>
            <dd>
              {count.toLocaleString(language)}
              {more && '+'}
            </dd>
          </div>
        ))}
      </dl>
      <p>
        {words.overview.providers}{' '}
        {props.providers.length === 0 ? (
          words.none
        ) : (
          <Outside text={props.providers.map(({ name }) => name).join(', ')} />
        )}
      </p>
      <HistoryTable frame={props.frame} rows={props.latest} caption={words.history.latest} />
      <a href={`${base}/history`}>{words.history.all}</a>
    </Layout>
  );
};
