/** Passkeys and connected accounts in the settings. */
import {
  addPasskey,
  hasPasskeys,
  listPasskeys,
  removePasskey,
  renamePasskey,
} from '../../client/passkeys.ts';
import { client } from './account.ts';
import { ago, date } from './devices.ts';
import { all, find, ifThere, say, tellDone } from './dom.ts';
import { attempt, clear, onSubmit, showFaultAt } from './forms.ts';
import { comeBack, providerFaultMessage, returnParameters } from './providers.ts';
import { proveBy, withProof } from './step-up.ts';

interface Row {
  id: string;
  name: string;
  about: string;
  /** The button's accessible name, which includes the row's name. */
  removeLabel: string;
}

/** `more`: prepares another button of a row. */
function fill(
  section: string,
  rows: readonly Row[],
  remove: (row: Row) => Promise<unknown>,
  more: (item: HTMLElement, row: Row) => void = () => {},
): void {
  const template = find<HTMLTemplateElement>(`[data-row=${section}]`);
  find(`[data-none=${section}]`).hidden = rows.length > 0;
  find(`[data-list=${section}]`).replaceChildren(
    ...rows.map((row) => {
      const item = template.content.firstElementChild?.cloneNode(true) as HTMLElement;
      find('[data-name]', item).textContent = row.name;
      find('[data-about]', item).textContent = row.about;
      const button = find<HTMLButtonElement>('[data-remove]', item);
      button.setAttribute('aria-label', row.removeLabel);
      attempt(button, find(`[data-fault=${section}]`), async () => {
        tellDone(section);
        await withProof(() => remove(row));
        find(`#${section}-title`).focus();
      });
      more(item, row);
      return item;
    }),
  );
}

/** The id of the passkey in the form for its name, and the button that opened it. */
let renamed: { id: string; button: HTMLButtonElement } | null = null;
const nameForm = () => find<HTMLFormElement>('#passkey');

function offerRename(item: HTMLElement, { id, name }: Row): void {
  const button = find<HTMLButtonElement>('[data-rename]', item);
  button.setAttribute('aria-label', say('renamePasskey', { name }));
  button.addEventListener('click', () => {
    renamed = { id, button };
    clear(nameForm());
    nameForm().hidden = false;
    const input = find<HTMLInputElement>('input', nameForm());
    input.value = name;
    input.focus();
    input.select();
  });
}

function prepareNames(): void {
  onSubmit('passkey', async ({ name = '' }) => {
    tellDone('passkeys');
    await renamePasskey(client, renamed?.id ?? '', name);
    await loadPasskeys();
    tellDone('passkeys', say('saved'));
    find('#passkeys-title').focus();
  });
  ifThere('[data-keep-name]')?.addEventListener('click', () => {
    nameForm().hidden = true;
    renamed?.button.focus();
  });
}

async function loadPasskeys(): Promise<void> {
  if (!ifThere('[data-passkeys]')) return;
  const passkeys = await listPasskeys(client);
  proveBy({ passkey: passkeys.length > 0 });
  const rows = passkeys.map(({ id, name, created_at, last_used_at }) => ({
    id,
    name,
    about: [
      say('since', { date: date(created_at) }),
      ...(last_used_at ? [say('lastUsed', { when: ago(last_used_at) })] : []),
    ].join(' · '),
    removeLabel: say('removePasskey', { name }),
  }));
  nameForm().hidden = true;
  fill(
    'passkeys',
    rows,
    async ({ id }) => {
      await removePasskey(client, id);
      await loadPasskeys();
      tellDone('passkeys', say('passkeyRemoved'));
    },
    offerRename,
  );
}

interface Connection {
  id: string;
  provider: string;
  email: string | null;
}

async function loadConnections(): Promise<void> {
  if (!ifThere('[data-connections]')) return;
  const { connections } = await client.request<{ connections: Connection[] }>('GET', '/connections');
  const names = new Map(all('[data-connect]').map(({ dataset }) => [dataset.connect, dataset.name]));
  const rows = connections.map(({ id, provider, email }) => {
    const name = names.get(provider) ?? provider;
    return { id, name, about: email ?? '', removeLabel: say('disconnect', { name }) };
  });
  fill('connections', rows, async ({ id }) => {
    await client.request('DELETE', `/connections/${encodeURIComponent(id)}`, {});
    await loadConnections();
    tellDone('connections', say('disconnected'));
  });
}

export const loadMethods = (): Promise<unknown> => Promise.all([loadPasskeys(), loadConnections()]);

/**
 * After a provider's redirect: completes the connection by the exchange, before anything is loaded. The exchange opens a
 * session, which replaces the current one. Returns what gets the focus once the page is shown: the result is far down on it.
 */
export async function finishConnection(): Promise<HTMLElement | null> {
  const came = ifThere('[data-connections]') && comeBack();
  if (!came) return null;
  const fault = find('[data-fault=connections]');
  if ('error' in came) {
    fault.textContent = providerFaultMessage(came.error);
    return fault;
  }
  try {
    const { sessions } = await client.sessions();
    await client.signIn('/login/exchange', came);
    tellDone('connections', say('connected'));
    const before = sessions.find(({ current }) => current);
    // If this fails, the old session stays in the list.
    if (before) await client.endSession(before.id).catch(() => {});
    return find('#connections-title');
  } catch (error) {
    showFaultAt(fault, error);
    return fault;
  }
}

export function prepareMethods(): void {
  prepareNames();
  const add = ifThere<HTMLButtonElement>('[data-add-passkey]');
  if (add) {
    add.hidden = !hasPasskeys();
    find('[data-no-passkeys]').hidden = hasPasskeys();
    attempt(add, find('[data-fault=passkeys]'), async () => {
      tellDone('passkeys');
      await withProof(() => addPasskey(client));
      await loadPasskeys();
      tellDone('passkeys', say('passkeyAdded'));
    });
  }
  for (const button of all<HTMLButtonElement>('[data-connect]')) {
    attempt(button, find('[data-fault=connections]'), async () => {
      tellDone('connections');
      const asked = await returnParameters();
      const path = `/connections/${encodeURIComponent(button.dataset.connect ?? '')}`;
      const { url } = await withProof(() => client.request<{ url: string }>('POST', path, asked));
      location.assign(url);
    });
  }
}
