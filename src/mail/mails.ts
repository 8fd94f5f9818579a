/** Every mail that is sent: one template each, which gives the text and the HTML, in each language. */
import type { Language } from '../errors.ts';
import type { Mail } from '../ports.ts';

interface Words {
  subject: string;
  /** Paragraphs before the link and after it. */
  before: readonly string[];
  link?: string;
  after?: readonly string[];
}

const IGNORE = {
  en: 'If this was not you, you can ignore this mail.',
  ko: '본인이 요청하지 않았다면 이 메일을 무시해도 됩니다.',
};

/** `{site}`, `{email}` and `{minutes}` are filled in. */
export const MAILS = {
  verify_email: {
    en: {
      subject: 'Confirm your e-mail address',
      before: ['Welcome to {site}. Please confirm that {email} is your e-mail address.'],
      link: 'Confirm my address',
      after: [IGNORE.en],
    },
    ko: {
      subject: '이메일 주소를 확인해 주세요',
      before: ['{site}에 오신 것을 환영합니다. {email}이(가) 본인의 이메일 주소인지 확인해 주세요.'],
      link: '주소 확인하기',
      after: [IGNORE.ko],
    },
  },
  confirm_sign_up: {
    en: {
      subject: 'Confirm your sign-up',
      before: [
        'Somebody, probably you, asked for an account at {site} with {email}. It exists once you confirm.',
      ],
      link: 'Create my account',
      after: [IGNORE.en],
    },
    ko: {
      subject: '회원 가입을 확인해 주세요',
      before: ['{email} 주소로 {site} 회원 가입을 요청하셨습니다. 확인하시면 계정이 만들어집니다.'],
      link: '계정 만들기',
      after: [IGNORE.ko],
    },
  },
  address_has_account: {
    en: {
      subject: 'You already have an account',
      before: [
        'Somebody, probably you, wanted to use {email} at {site}, but it already belongs to an account. ' +
          'You can log in with it, or reset its password if you have forgotten it.',
        IGNORE.en,
      ],
    },
    ko: {
      subject: '이미 계정이 있습니다',
      before: [
        '{site}에서 {email} 주소를 쓰려는 요청이 있었지만 이미 계정이 있는 주소입니다. ' +
          '그 계정으로 로그인하거나, 비밀번호를 잊었다면 재설정할 수 있습니다.',
        IGNORE.ko,
      ],
    },
  },
  password_reset: {
    en: {
      subject: 'Reset your password',
      before: ['Somebody, probably you, asked to reset the password of {email} at {site}.'],
      link: 'Choose a new password',
      after: ['The link works once and for {minutes} minutes.', IGNORE.en],
    },
    ko: {
      subject: '비밀번호 재설정',
      before: ['{site}에서 {email} 계정의 비밀번호 재설정을 요청하셨습니다.'],
      link: '새 비밀번호 정하기',
      after: ['이 링크는 한 번만, {minutes}분 동안 쓸 수 있습니다.', IGNORE.ko],
    },
  },
  password_changed: {
    en: {
      subject: 'Your password was changed',
      before: [
        'The password of {email} at {site} was changed, and other sessions were logged out.',
        'If this was not you, reset your password at once.',
      ],
    },
    ko: {
      subject: '비밀번호가 변경되었습니다',
      before: [
        '{site}에서 {email} 계정의 비밀번호가 변경되었고 다른 세션은 로그아웃되었습니다.',
        '본인이 변경하지 않았다면 바로 비밀번호를 재설정하세요.',
      ],
    },
  },
  email_change: {
    en: {
      subject: 'Confirm your new e-mail address',
      before: ['Somebody, probably you, asked to use {email} for an account at {site}.'],
      link: 'Use this address',
      after: [IGNORE.en],
    },
    ko: {
      subject: '새 이메일 주소를 확인해 주세요',
      before: ['{site} 계정에 {email} 주소를 쓰도록 요청하셨습니다.'],
      link: '이 주소 쓰기',
      after: [IGNORE.ko],
    },
  },
  email_change_asked: {
    en: {
      subject: 'Your e-mail address is about to change',
      before: [
        'Somebody, probably you, asked to replace {email} at {site} by another address. ' +
          'It changes once the new address is confirmed.',
        'If this was not you, change your password at once: that voids the request.',
      ],
    },
    ko: {
      subject: '이메일 주소 변경 요청',
      before: [
        '{site}에서 {email} 대신 다른 주소를 쓰도록 요청하셨습니다. 새 주소가 확인되면 변경됩니다.',
        '본인이 요청하지 않았다면 바로 비밀번호를 변경하세요. 그러면 요청이 취소됩니다.',
      ],
    },
  },
  email_changed: {
    en: {
      subject: 'Your e-mail address was changed',
      before: ['{email} no longer belongs to your account at {site}: it has a new address now.'],
    },
    ko: {
      subject: '이메일 주소가 변경되었습니다',
      before: ['{site} 계정의 이메일 주소가 변경되어 {email}은(는) 더 이상 쓰이지 않습니다.'],
    },
  },
} as const satisfies Record<string, Record<Language, Words>>;

export type MailName = keyof typeof MAILS;

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** `link`: where the button leads; null for a mail that only tells. */
export function composeMail(
  name: MailName,
  language: Language,
  to: string,
  more: { site: string; link: string | null; token: string | null; minutes?: number },
): Mail {
  const words: Words = MAILS[name][language];
  const values: Record<string, string> = { email: to, site: more.site, minutes: String(more.minutes ?? '') };
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
  const before = words.before.map(fill);
  const after = (words.after ?? []).map(fill);
  const link = words.link !== undefined && more.link !== null ? { label: words.link, href: more.link } : null;
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`;
  return {
    to,
    subject: words.subject,
    text: [...before, ...(link ? [link.href] : []), ...after].join('\n\n'),
    html: [
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escapeHtml(words.subject)}</title></head>`,
      '<body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:36em;margin:2em auto;padding:0 1em">',
      ...before.map(paragraph),
      ...(link
        ? [
            `<p><a href="${escapeHtml(link.href)}" style="display:inline-block;padding:.6em 1.2em;border-radius:.4em;background:#1d4ed8;color:#fff;text-decoration:none">${escapeHtml(link.label)}</a></p>`,
            `<p style="word-break:break-all;color:#555">${escapeHtml(link.href)}</p>`,
          ]
        : []),
      ...after.map(paragraph),
      '</body></html>',
    ].join('\n'),
    token: more.token,
  };
}
