/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** A user's passkeys and connections, each with a link to remove it. */
import { fill } from '../../languages/describe.ts';
import type { SignInMethods } from '../ports.ts';
import { type Frame, Outside, YesNo } from './parts.tsx';
import { Table } from './table.tsx';
import { Time } from './time.tsx';

/** The providers' names in the settings. */
export type ProviderNames = readonly { id: string; name: string }[];

/** A provider that is no longer configured is shown by its id. */
export const providerName = (providers: ProviderNames, id: string): string =>
  providers.find((one) => one.id === id)?.name ?? id;

/** `label`: names the one to remove. */
const RemoveLink = (props: { to: string; text: string; label: string }) => (
  <a href={props.to} aria-label={props.label}>
    {props.text}
  </a>
);

export const SignInMethodTables = (props: {
  frame: Frame;
  /** The path of the user. */
  path: string;
  methods: SignInMethods;
  providers: ProviderNames;
}) => {
  const { path, methods } = props;
  const { words } = props.frame;
  const label = words.signInMethods;
  const to = (kind: string, id: string) => `${path}/${kind}/${encodeURIComponent(id)}/remove`;
  const nameOf = ({ provider }: { provider: string }) => providerName(props.providers, provider);
  const action = <span class="hidden">{label.action}</span>;
  return (
    <>
      <Table
        caption={label.passkeys}
        rows={methods.passkeys}
        none={label.none}
        columns={[
          { head: label.name, cell: ({ name }) => <Outside text={name} /> },
          { head: label.added, cell: ({ createdAt }) => <Time at={createdAt} />, kind: 'time' },
          {
            head: label.lastUsed,
            cell: ({ lastUsedAt }) => <Time at={lastUsedAt} never={words.never} />,
            kind: 'time',
          },
          { head: label.synced, cell: ({ backedUp }) => <YesNo words={words} is={backedUp} /> },
          {
            head: action,
            kind: 'act',
            cell: ({ id, name }) => (
              <RemoveLink
                to={to('passkeys', id)}
                text={label.remove}
                label={fill(label.removeOne, { name })}
              />
            ),
          },
        ]}
      />
      <Table
        caption={label.connections}
        rows={methods.connections}
        none={label.none}
        columns={[
          { head: label.provider, cell: (one) => <Outside text={nameOf(one)} /> },
          { head: label.email, cell: ({ email }) => <Outside text={email ?? words.none} /> },
          { head: label.added, cell: ({ createdAt }) => <Time at={createdAt} />, kind: 'time' },
          {
            head: label.lastUsed,
            cell: ({ lastUsedAt }) => <Time at={lastUsedAt} never={words.never} />,
            kind: 'time',
          },
          {
            head: action,
            kind: 'act',
            cell: (one) => (
              <RemoveLink
                to={to('connections', one.id)}
                text={label.disconnect}
                label={fill(label.disconnectOne, { name: nameOf(one) })}
              />
            ),
          },
        ]}
      />
    </>
  );
};
