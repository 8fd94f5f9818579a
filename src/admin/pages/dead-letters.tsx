/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Events that could not be delivered for a day. Their contents are not shown. */
import { fill } from '../../languages/describe.ts';
import type { DeadLetter } from '../list-ports.ts';
import { Layout } from './layout.tsx';
import { List, type Listed } from './list.tsx';
import { ActionForm, type ConsoleWords, Note, PersonLink } from './parts.tsx';
import { Details, Table } from './table.tsx';
import { Time } from './time.tsx';

/** A code of outbox/, in words. */
function failureText({ failures, status }: ConsoleWords['deadLetters'], failure: string): string {
  const code = /^status_(\d+)$/.exec(failure)?.[1];
  if (code !== undefined) return fill(status, { status: code });
  return new Map(Object.entries(failures)).get(failure) ?? failure;
}

export const DeadLettersPage = (props: { letters: DeadLetter[]; canRetry: boolean } & Listed) => {
  const { frame, canRetry } = props;
  const { words } = frame;
  const label = words.deadLetters;
  const path = `${frame.base}/dead-letters`;
  return (
    <Layout frame={frame} title={label.title}>
      <p class="dim">{label.about}</p>
      {!canRetry && <Note>{label.off}</Note>}
      <List {...props} path={path} shown={props.letters.length}>
        <Table
          caption={words.lists.newestFirst}
          rows={props.letters}
          none={label.none}
          columns={[
            { head: label.event, cell: ({ type }) => <code>{type}</code> },
            { head: label.user, cell: ({ user }) => <PersonLink frame={frame} person={user} /> },
            { head: label.happened, cell: ({ createdAt }) => <Time at={createdAt} />, kind: 'time' },
            { head: label.died, cell: ({ deadAt }) => <Time at={deadAt} />, kind: 'time' },
            {
              head: label.why,
              cell: ({ failure, attempts, id }) => (
                <>
                  {failure && failureText(label, failure)}
                  <Details
                    summary={words.lists.details}
                    facts={{ [label.attempts]: String(attempts), [label.id]: <code>{id}</code> }}
                  />
                </>
              ),
            },
            {
              head: <span class="hidden">{label.action}</span>,
              kind: 'act',
              cell: ({ id, user, seq }) =>
                canRetry && (
                  <ActionForm
                    to={`${path}/${encodeURIComponent(user.id)}/${seq}/retry`}
                    kind="small"
                    label={fill(label.retryOne, { id })}
                  >
                    {label.retry}
                  </ActionForm>
                ),
            },
          ]}
        />
      </List>
    </Layout>
  );
};
