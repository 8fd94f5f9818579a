/** The list of sessions in the settings. */
import { client, leaveSignedOut } from './account.ts';
import { aboutSession, deviceOf, type SeenSession } from './devices.ts';
import { find, say, tellDone } from './dom.ts';
import { attempt, onSubmit } from './forms.ts';

function row(session: SeenSession): HTMLElement {
  const item = find<HTMLTemplateElement>('[data-session]').content.firstElementChild?.cloneNode(
    true,
  ) as HTMLElement;
  const device = deviceOf(session);
  find('[data-device]', item).textContent = device;
  find('[data-about]', item).textContent = aboutSession(session);
  find('[data-current]', item).hidden = !session.current;
  const end = find<HTMLButtonElement>('[data-end]', item);
  end.hidden = session.current;
  end.setAttribute('aria-label', say('endNamed', { device }));
  attempt(end, find('[data-fault=sessions]'), async () => {
    tellDone('sessions');
    await client.endSession(session.id);
    item.remove();
    tellDone('sessions', say('ended'));
    find('#sessions-title').focus();
  });
  return item;
}

export async function loadSessions(): Promise<void> {
  const path = '/sessions?include=device';
  const { sessions } = await client.request<{ sessions: SeenSession[] }>('GET', path);
  find('[data-sessions]').replaceChildren(...sessions.map(row));
}

export function prepareSessions(): void {
  onSubmit('everywhere', async () => {
    await client.logOutEverywhere();
    leaveSignedOut('signedOut');
  });
}
