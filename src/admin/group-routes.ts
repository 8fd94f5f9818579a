/**
 * `/admin/users/group`: actions on several users, with one confirmation page for all of them. `/admin/users/export`: the
 * list as CSV.
 */
import { Hono } from 'hono';
import { streamOf } from '../account/export/own-data.ts';
import { timestamp } from '../encoding.ts';
import { Refusal } from '../errors.ts';
import { callOf } from '../http/call.ts';
import { fill } from '../languages/describe.ts';
import { consoleWords } from '../languages/index.ts';
import { seconds } from '../ports.ts';
import { ownOrigin, requireStaffSession } from './cookie.ts';
import type { AdminContext, AdminEnv } from './env.ts';
import { exportUsers } from './exports.ts';
import { readFields, readForm, type Shown } from './forms.ts';
import { actOnGroup, GROUP_MAX, lookAtGroup } from './groups.ts';
import { type Query, userParameters, userQuery } from './listing.ts';
import { leaveNotice } from './notice.ts';
import { GroupPage } from './pages/groups.tsx';
import { linkTo } from './pages/list.tsx';
import { GROUP_ACTS, type GroupAct } from './ports.ts';
import { show } from './show.tsx';

interface Chosen {
  act: GroupAct;
  ids: string[];
  /** The list that they were chosen from. */
  list: Query;
}

/** 404 for an unknown action. */
function chosenIn(fields: URLSearchParams): Chosen {
  const act = GROUP_ACTS.find((known) => known === fields.get('act'));
  if (!act) throw new Refusal('not_found');
  return { act, ids: [...new Set(fields.getAll('user'))], list: userParameters(Object.fromEntries(fields)) };
}

async function ask(c: AdminContext, { act, ids, list }: Chosen, fault: Partial<Shown> = {}) {
  const { services, caller } = c.var;
  const { status, ...again } = fault;
  const group = await lookAtGroup(services, caller, act, ids);
  const members = group.members.map(({ id }) => id);
  const now = seconds(services.clock);
  const sessions = act === 'activate' ? null : await services.admin.groups.liveSessions(members, now);
  return show(c, GroupPage, { act, group, sessions, list, ...again }, status);
}

function refuseMany(c: AdminContext, { act, list }: Chosen) {
  const sentence = fill(consoleWords[c.var.language].groups.tooMany, { max: GROUP_MAX });
  const group = { members: [], left: [] };
  const errors = { non_field_errors: [sentence] };
  return show(c, GroupPage, { act, group, sessions: null, list, errors }, 400);
}

/** Mounted at `/admin/users`. */
export const groupRoutes = (): Hono<AdminEnv> =>
  new Hono<AdminEnv>({ strict: false })
    .get('/group', requireStaffSession, async (c) => {
      const chosen = chosenIn(new URL(c.req.url).searchParams);
      return chosen.ids.length > GROUP_MAX ? refuseMany(c, chosen) : ask(c, chosen);
    })
    .post('/export', ownOrigin, requireStaffSession, async (c) => {
      const { services, caller } = c.var;
      const query = userQuery(await readForm(c));
      const pieces = await exportUsers(services, caller, query, callOf(c));
      const day = timestamp(seconds(services.clock)).slice(0, 10);
      return c.body(streamOf(pieces), 200, {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="users-${day}.csv"`,
      });
    })
    .post('/group', ownOrigin, requireStaffSession, async (c) => {
      const { services, caller, mount, language } = c.var;
      const fields = await readFields(c);
      const chosen = chosenIn(fields);
      const { act, ids, list } = chosen;
      if (ids.length > GROUP_MAX) return refuseMany(c, chosen);
      const { members, left } = await lookAtGroup(services, caller, act, ids);
      if (act === 'delete' && fields.get('confirm')?.trim() !== String(members.length)) {
        const { mismatch } = consoleWords[language].groups;
        return ask(c, chosen, { status: 400, errors: { confirm: [mismatch] } });
      }
      const count = await actOnGroup(services, caller, act, members, callOf(c));
      leaveNotice(c, { count: String(count), left: String(members.length + left.length - count) });
      return c.redirect(linkTo(`${mount}/users`, list, { done: `group-${act}` }), 303);
    });
