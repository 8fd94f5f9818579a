/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Actions on several users: the checkboxes and buttons of the list, and the confirmation page. */
import { fill } from '../../languages/describe.ts';
import type { User } from '../../model.ts';
import type { Group } from '../groups.ts';
import type { Count } from '../list-ports.ts';
import type { Query } from '../listing.ts';
import { GROUP_ACTS, type GroupAct } from '../ports.ts';
import { sessionsEnd } from './confirm.tsx';
import { FormPage } from './form-page.tsx';
import { linkTo } from './list.tsx';
import { Field, type FormErrors, type Frame, nameOf, Outside, userPath } from './parts.tsx';

const FORM = 'group';

export const HiddenFields = ({ values }: { values: Query }) => (
  <>
    {Object.entries(values).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
  </>
);

/** A user of the list, with a checkbox. */
export const GroupMember = ({ base, user }: { base: string; user: User }) => (
  <span class="ticked">
    <input type="checkbox" name="user" value={user.id} form={FORM} aria-labelledby={`u-${user.id}`} />
    <a id={`u-${user.id}`} href={userPath(base, user.id)}>
      <Outside text={nameOf(user)} />
    </a>
  </span>
);

/** Checks the checkboxes of the list. It takes the console's script, which shows it. */
export const CheckAll = ({ frame: { words } }: { frame: Frame }) => (
  <div id="check-all" hidden>
    <label class="check">
      <input type="checkbox" autocomplete="off" />
      {words.groups.all}
    </label>
  </div>
);

/** The buttons for the selected users. Each leads to a confirmation page and changes nothing itself. */
export const GroupForm = ({ frame: { base, words }, list }: { frame: Frame; list: Query }) => (
  <form id={FORM} class="acts" method="get" action={`${base}/users/group`} aria-label={words.groups.ticked}>
    <HiddenFields values={list} />
    <span class="dim">{words.groups.ticked}</span>
    {GROUP_ACTS.map((act) => (
      <button type="submit" name="act" value={act}>
        {words.groups.acts[act].ask}
      </button>
    ))}
  </form>
);

/** All users of the list, on every page of it, as a file. */
export const ExportForm = ({ frame: { base, words }, list }: { frame: Frame; list: Query }) => (
  <form class="apart" method="post" action={`${base}/users/export`}>
    <HiddenFields values={list} />
    <button type="submit">{words.groups.export}</button>
  </form>
);

const Names = ({ base, users }: { base: string; users: readonly User[] }) => (
  <ul class="names">
    {users.map((user) => (
      <li>
        <a href={userPath(base, user.id)}>
          <Outside text={nameOf(user)} />
        </a>
      </li>
    ))}
  </ul>
);

export const GroupPage = (props: {
  frame: Frame;
  act: GroupAct;
  group: Group;
  /** How many sessions it ends; null: it ends none. */
  sessions: Count | null;
  /** The list that they were chosen from, to which it leads back. */
  list: Query;
  errors?: FormErrors | undefined;
}) => {
  const { act, sessions, list, errors } = props;
  const { members, left } = props.group;
  const { base, words } = props.frame;
  const label = words.groups;
  const own = label.acts[act];
  const count = members.length;
  return (
    <FormPage
      frame={props.frame}
      title={own.title}
      to={`${base}/users/group`}
      back={linkTo(`${base}/users`, list)}
      button={count > 0 ? own.button : undefined}
      kind="danger"
      errors={errors}
    >
      {count === 0 ? (
        !errors && <p>{label.nobody}</p>
      ) : (
        <>
          <strong>{fill(label.count, { count })}</strong>
          <p>{own.text}</p>
          {sessions && <p>{sessionsEnd(words, sessions)}</p>}
          <Names base={base} users={members} />
        </>
      )}
      {left.length > 0 && <strong>{fill(label.leftOut, { count: left.length })}</strong>}
      {left.length > 0 && (
        <ul class="names">
          {left.map(({ user, why }) => (
            <li>
              <Outside text={nameOf(user)} />: {label.why[why]}
            </li>
          ))}
        </ul>
      )}
      <HiddenFields values={{ ...list, act }} />
      {[...members, ...left.map(({ user }) => user)].map(({ id }) => (
        <input type="hidden" name="user" value={id} />
      ))}
      {act === 'delete' && count > 0 && (
        <Field
          name="confirm"
          label={fill(label.typeCount, { count })}
          inputmode="numeric"
          errors={errors}
          autocomplete="off"
          required
        />
      )}
    </FormPage>
  );
};
