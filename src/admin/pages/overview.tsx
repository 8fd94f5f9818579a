/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** How many, and what was done last. */
import type { Counts, HistoryRow } from '../ports.ts';
import { HistoryTable } from './history.tsx';
import { type Frame, Layout } from './layout.tsx';

export const OverviewPage = (props: { frame: Frame; counts: Counts; latest: HistoryRow[] }) => {
  const { counts } = props;
  const { base } = props.frame;
  const tiles = [
    ['Users', counts.users, '/users'],
    ['New this week', counts.newThisWeek, '/users?ordering=-date_joined'],
    ['Live sessions', counts.liveSessions, ''],
    ['Revoked tokens', counts.revokedTokens, '/revoked-tokens'],
  ] as const;
  return (
    <Layout frame={props.frame} title="Overview" place="Overview">
      <dl class="tiles">
        {tiles.map(([label, { count, more }, path]) => (
          <div class="tile">
            <dt>{path ? <a href={base + path}>{label}</a> : label}</dt>
            <dd>
              {count.toLocaleString('en')}
              {more && '+'}
            </dd>
          </div>
        ))}
      </dl>
      <HistoryTable base={base} rows={props.latest} caption="Latest history" />
      <a href={`${base}/history`}>All history</a>
    </Layout>
  );
};
