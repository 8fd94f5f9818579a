/** People to look at: ordinary ones, and ones whose names want to be more than names. */
import type { Service } from './service.ts';

export const PASSWORD = 'correct horse battery';
export const ADMIN = 'dana@accounts.example';

const FIRST =
  'Mina Joon Ada Grace Linus Noor Kofi Yuki Elif Mateo Ines Olga Sam Priya Tariq Lena Hugo Zoe'.split(' ');
const LAST =
  'Kim Park Lovelace Hopper Berg Haddad Mensah Tanaka Demir Silva Costa Novak Rivera Shah Aziz Weber'.split(
    ' ',
  );
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
];

export const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  "'-alert(3)-'",
  'javascript:alert(4)',
  '\u202egnp.exe\u202c \u2067right to left\u2069',
  '</title></main><h1>Mine</h1>',
  '{{7*7}}<%= 7*7 %>',
  'w'.repeat(150),
];

interface Inbox {
  messages: { token: string }[];
}
interface SignedUp {
  user: { id: string };
  refresh: string;
}

export async function populate(service: Service): Promise<void> {
  for (const [i, name] of HOSTILE.entries()) {
    await service.call(
      'POST',
      '/account/sign-up',
      { email: `hostile${i}@example.com`, password: PASSWORD, name },
      { 'User-Agent': `${name.replace(/[^\x20-\x7e]/g, '')} <script>alert('agent')</script>` },
    );
  }
  const ids: string[] = [];
  for (let i = 0; i < 58; i++) {
    const [first = '', last = ''] = [FIRST[i % FIRST.length], LAST[(i * 7) % LAST.length]];
    const named = i % 3 !== 2;
    const { user, refresh } = await service.call<SignedUp>(
      'POST',
      '/account/sign-up',
      {
        email: `${first}.${last}${i}@example.com`.toLowerCase(),
        password: PASSWORD,
        name: `${first} ${last}`,
        ...(named && { username: `${first}${last}${i}`.toLowerCase() }),
      },
      { 'User-Agent': AGENTS[i % AGENTS.length] ?? '' },
    );
    ids.push(user.id);
    if (i % 6 === 0) await service.call('POST', '/account/logout', { refresh });
  }
  await confirmSome(service);
  await actOnSome(service, ids);
}

/** Every second mail is read. */
async function confirmSome(service: Service): Promise<void> {
  const Accept = 'application/json';
  const { messages } = await service.call<Inbox>('GET', '/dev/mail', undefined, { Accept });
  for (const [i, { token }] of messages.entries()) {
    if (i % 2 === 0) await service.call('POST', '/account/email/verify', { token });
  }
}

/** So that there is a history to look at. */
async function actOnSome(service: Service, ids: string[]): Promise<void> {
  const { access } = await service.call<{ access: string }>('POST', '/account/login', {
    email: ADMIN,
    password: PASSWORD,
  });
  const headers = { Authorization: `Bearer ${access}` };
  const at = (i: number, more = '') => `/admin/api/users/${ids[i]}${more}`;
  await service.call('PATCH', at(53), { is_active: false }, headers);
  await service.call('PATCH', at(50), { name: 'Tariq Aziz-Weber' }, headers);
  await service.call('POST', at(54, '/password-reset'), undefined, headers);
  await service.call('PATCH', at(55), { name: 'J. Park', username: 'joon' }, headers);
  await service.call('DELETE', at(54, '/sessions'), undefined, headers);
  await service.call('DELETE', at(40), undefined, headers);
  await service.call(
    'POST',
    '/account/login',
    { email: 'mina.costa54@example.com', password: PASSWORD },
    {
      'User-Agent': AGENTS[2] ?? '',
    },
  );
}
