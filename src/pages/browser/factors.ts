/** The second factor in the settings. */
import { client } from './account.ts';
import { date } from './devices.ts';
import { all, find, ifThere, say, tell } from './dom.ts';
import { onSubmit } from './forms.ts';
import { proveBy, withProof } from './step-up.ts';

interface Factors {
  totp: { created_at: string } | null;
  recovery_codes_left: number;
}

const show = (state: 'off' | 'setup' | 'on') => {
  for (const part of all('[data-factors] [data-when]')) part.hidden = part.dataset.when !== state;
};

export async function loadFactors(): Promise<void> {
  if (!ifThere('[data-factors]')) return;
  const { totp, recovery_codes_left: count } = await client.request<Factors>('GET', '/factors');
  show(totp ? 'on' : 'off');
  proveBy({ code: totp !== null });
  if (totp) find('[data-factor-on]').textContent = say('factorOn', { date: date(totp.created_at), count });
}

function showCodes(codes: readonly string[]): void {
  const list = find('[data-code-list]');
  list.replaceChildren(
    ...codes.map((code) => {
      const item = document.createElement('li');
      item.textContent = code;
      return item;
    }),
  );
  const part = find('[data-codes]');
  part.hidden = false;
  find('h3', part).focus();
}

export function prepareFactors(): void {
  if (!ifThere('[data-factors]')) return;
  const done = find('[data-done=factors]');
  onSubmit('totp', async () => {
    tell(done, '');
    const { secret, qr_svg } = await withProof(() =>
      client.request<{ secret: string; qr_svg: string }>('POST', '/factors/totp', {}),
    );
    find('[data-secret]').textContent = secret.replace(/(.{4})(?=.)/g, '$1 ');
    find<HTMLImageElement>('[data-qr]').src = `data:image/svg+xml,${encodeURIComponent(qr_svg)}`;
    show('setup');
    find('#totp-confirm-code').focus();
  });
  onSubmit('totp-confirm', async ({ code }, form) => {
    const { recovery_codes } = await client.request<{ recovery_codes: string[] }>(
      'POST',
      '/factors/totp/confirm',
      {
        code,
      },
    );
    form.reset();
    await loadFactors();
    tell(done, say('switchedOn'));
    showCodes(recovery_codes);
  });
  onSubmit('recovery-codes', async () => {
    const { recovery_codes } = await withProof(() =>
      client.request<{ recovery_codes: string[] }>('POST', '/factors/recovery-codes', {}),
    );
    await loadFactors();
    showCodes(recovery_codes);
  });
  onSubmit('totp-remove', async () => {
    await withProof(() => client.request('DELETE', '/factors/totp', {}));
    await loadFactors();
    find('[data-codes]').hidden = true;
    tell(done, say('switchedOff'));
    find('#factors-title').focus();
  });
  find('[data-cancel-setup]').addEventListener('click', () => {
    show('off');
    find('#totp [type=submit]').focus();
  });
  find('[data-copy]').addEventListener('click', () => {
    const codes = all('[data-code-list] li').map(({ textContent }) => textContent);
    navigator.clipboard.writeText(codes.join('\n')).then(
      () => tell(done, say('copied')),
      // Not allowed: the codes can still be copied by hand.
      () => {},
    );
  });
  find('[data-kept]').addEventListener('click', () => {
    find('[data-code-list]').replaceChildren();
    find('[data-codes]').hidden = true;
    tell(done, '');
    find('#factors-title').focus();
  });
}
