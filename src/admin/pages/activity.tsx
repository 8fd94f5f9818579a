/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** What a user did and what staff did to them, in one list. */
import { fill } from '../../languages/describe.ts';
import type { Activity, OwnEvent } from '../activity.ts';
import { ChangeList } from './history.tsx';
import { Badge, type ConsoleWords, type Frame, Outside, PersonLink, wordFor } from './parts.tsx';
import { reasonText } from './sessions.tsx';
import { type ProviderNames, providerName } from './sign-in-methods.tsx';
import { Table } from './table.tsx';
import { Time } from './time.tsx';

const What = (props: { words: ConsoleWords; event: OwnEvent; providers: ProviderNames }) => {
  const { words, event } = props;
  const label = words.activity;
  switch (event.kind) {
    case 'signed_in':
      return (
        <>
          {label.signed_in}{' '}
          <Outside text={[event.session.device, event.session.place].filter(Boolean).join(' · ')} />
        </>
      );
    case 'sessions_ended': {
      const text = fill(event.count === 1 ? label.session_ended : label.sessions_ended, {
        count: event.count,
        reason: reasonText(words, event.reason),
      });
      return event.reason === 'replayed' ? <Badge kind="bad">{text}</Badge> : text;
    }
    case 'passkey_added':
      return (
        <>
          {label.passkey_added} <Outside text={event.name} />
        </>
      );
    case 'connection_added':
      return (
        <>
          {label.connection_added} <Outside text={providerName(props.providers, event.provider)} />
        </>
      );
    default:
      return label[event.kind];
  }
};

export const ActivityTable = (props: { frame: Frame; activity: Activity[]; providers: ProviderNames }) => {
  const { frame } = props;
  const { words } = frame;
  return (
    <Table
      caption={words.activity.title}
      rows={props.activity}
      none={words.history.none}
      columns={[
        { head: words.history.when, cell: ({ at }) => <Time at={at} />, kind: 'time' },
        {
          head: words.activity.by,
          cell: (one) =>
            one.by === 'user' ? (
              words.activity.user
            ) : (
              <>
                {words.activity.staff} <PersonLink frame={frame} person={one.actor} />
              </>
            ),
        },
        {
          head: words.history.did,
          cell: (one) =>
            one.by === 'user' ? (
              <What words={words} event={one.event} providers={props.providers} />
            ) : (
              <>
                {wordFor(words.actions, one.action)}
                <ChangeList words={words} changes={one.changes} />
              </>
            ),
        },
      ]}
    />
  );
};
