/** Passkeys and connected accounts in the settings. */
import { addPasskey, hasPasskeys, isCancelled, listPasskeys, removePasskey } from '../../client/passkeys.ts';
import { client } from './account.ts';
import { date } from './devices.ts';
import { all, find, ifThere, say, tell } from './dom.ts';
import { NotProven, showFaultAt } from './forms.ts';
import { comeBack, providerFaultMessage, returnParameters } from './providers.ts';
import { offerPasskey, withProof } from './step-up.ts';

interface Row {
  id: string;
  name: string;
  about: string;
  /** The button's accessible name, which includes the row's name. */
  removeLabel: string;
}

/** The device already has a passkey of this account. */
const isAlreadyThere = (error: unknown) =>
  error instanceof DOMException && error.name === 'InvalidStateError';

/** Runs a button's `work` and shows errors on top of the section. */
function run(section: string, button: HTMLButtonElement, work: () => Promise<unknown>): void {
  const fault = find(`[data-fault=${section}]`);
  fault.textContent = '';
  button.disabled = true;
  work()
    .catch((error: unknown) => {
      if (error instanceof NotProven) return;
      if (!isCancelled(error) && !isAlreadyThere(error)) showFaultAt(fault, error);
      else {
        fault.textContent = say('cancelled');
        fault.focus();
      }
    })
    .finally(() => {
      button.disabled = false;
    });
}

function fill(section: string, rows: readonly Row[], remove: (row: Row) => Promise<unknown>): void {
  const template = find<HTMLTemplateElement>(`[data-row=${section}]`);
  find(`[data-none=${section}]`).hidden = rows.length > 0;
  find(`[data-list=${section}]`).replaceChildren(
    ...rows.map((row) => {
      const item = template.content.firstElementChild?.cloneNode(true) as HTMLElement;
      find('[data-name]', item).textContent = row.name;
      find('[data-about]', item).textContent = row.about;
      const button = find<HTMLButtonElement>('[data-remove]', item);
      button.setAttribute('aria-label', row.removeLabel);
      button.addEventListener('click', () =>
        run(section, button, async () => {
          await withProof(() => remove(row));
          find(`#${section}-title`).focus();
        }),
      );
      return item;
    }),
  );
}

async function loadPasskeys(): Promise<void> {
  if (!ifThere('[data-passkeys]')) return;
  const passkeys = await listPasskeys(client);
  offerPasskey(passkeys.length > 0);
  const rows = passkeys.map(({ id, name, created_at }) => ({
    id,
    name,
    about: say('since', { date: date(created_at) }),
    removeLabel: say('removePasskey', { name }),
  }));
  fill('passkeys', rows, async ({ id }) => {
    await removePasskey(client, id);
    await loadPasskeys();
    tell(find('[data-done=passkeys]'), say('passkeyRemoved'));
  });
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
    tell(find('[data-done=connections]'), say('disconnected'));
  });
}

export const loadMethods = (): Promise<unknown> => Promise.all([loadPasskeys(), loadConnections()]);

/** After a provider's redirect: completes the connection by the exchange, before anything is loaded. */
export async function finishConnection(): Promise<void> {
  const came = ifThere('[data-connections]') && comeBack();
  if (!came) return;
  if ('error' in came) {
    find('[data-fault=connections]').textContent = providerFaultMessage(came.error);
    return;
  }
  await client.signIn('/login/exchange', came).then(
    () => tell(find('[data-done=connections]'), say('connected')),
    (error: unknown) => {
      find('[data-fault=connections]').textContent = error instanceof Error ? error.message : '';
    },
  );
}

export function prepareMethods(): void {
  const add = ifThere<HTMLButtonElement>('[data-add-passkey]');
  if (add) {
    add.hidden = !hasPasskeys();
    find('[data-no-passkeys]').hidden = hasPasskeys();
    add.addEventListener('click', () =>
      run('passkeys', add, async () => {
        await withProof(() => addPasskey(client));
        await loadPasskeys();
        tell(find('[data-done=passkeys]'), say('passkeyAdded'));
      }),
    );
  }
  for (const button of all<HTMLButtonElement>('[data-connect]')) {
    button.addEventListener('click', () =>
      run('connections', button, async () => {
        const parameters = await returnParameters();
        const path = `/connections/${encodeURIComponent(button.dataset.connect ?? '')}`;
        const { url } = await withProof(() => client.request<{ url: string }>('POST', path, parameters));
        location.assign(url);
      }),
    );
  }
}
