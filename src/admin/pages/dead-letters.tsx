/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Events that could not be delivered for a day. Their contents are not shown. */
import { fill } from '../../languages/describe.ts';
import type { DeadLetter } from '../ports.ts';
import { Layout } from './layout.tsx';
import { ActionForm, type Listed, Note, Pager, PersonLink, Table, Time } from './parts.tsx';

export const DeadLettersPage = (props: { letters: DeadLetter[]; canRetry: boolean } & Listed) => {
  const { frame, canRetry } = props;
  const { words } = frame;
  const label = words.deadLetters;
  const path = `${frame.base}/dead-letters`;
  return (
    <Layout frame={frame} title={label.title}>
      <p class="dim">{label.about}</p>
      {!canRetry && <Note>{label.off}</Note>}
      <Table
        caption={words.newestFirst}
        rows={props.letters}
        none={label.none}
        columns={[
          [label.event, ({ type }) => <code>{type}</code>],
          [label.user, ({ user }) => <PersonLink frame={frame} person={user} />],
          [label.happened, ({ createdAt }) => <Time at={createdAt} />, 'time'],
          [label.died, ({ deadAt }) => <Time at={deadAt} />, 'time'],
          [label.why, ({ failure }) => <code>{failure}</code>],
          [label.attempts, ({ attempts }) => attempts, 'wide'],
          [label.id, ({ id }) => <code>{id}</code>, 'wide'],
          [
            <span class="hidden">{label.action}</span>,
            ({ id, user, seq }) =>
              canRetry && (
                <ActionForm
                  to={`${path}/${encodeURIComponent(user.id)}/${seq}/retry`}
                  kind="small"
                  label={fill(label.retryOne, { id })}
                >
                  {label.retry}
                </ActionForm>
              ),
          ],
        ]}
      />
      <Pager path={path} {...props} />
    </Layout>
  );
};
