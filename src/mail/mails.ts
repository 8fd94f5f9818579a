/** The words of every mail, in each language. How they are laid out: compose.ts. */
import type { Language } from '../errors.ts';

export interface Words {
  subject: string;
  /** Paragraphs before the link and after it. */
  before: readonly string[];
  /** The label of the link; a mail without one carries no token. */
  link?: string;
  after?: readonly string[];
  /** A second link, with the paragraph before it. */
  second?: { before: string; label: string };
}

const IGNORE = {
  en: 'If this was not you, you can ignore this mail.',
  ko: '본인이 요청하지 않았다면 이 메일을 무시해도 됩니다.',
};

/** `{site}`, `{email}`, `{minutes}`, `{hours}`, `{when}` and `{place}` are filled in. */
export const MAILS = {
  verify_email: {
    en: {
      subject: 'Confirm your e-mail address',
      before: [
        'Welcome to {site}. An account was created for {email} on {when} from {place}.',
        'Please confirm that this is your e-mail address.',
      ],
      link: 'Confirm my address',
      second: {
        before: 'If you did not create this account, have it deleted with one click:',
        label: 'This wasn’t me',
      },
    },
    ko: {
      subject: '이메일 주소를 확인해 주세요',
      before: [
        '{site}에 오신 것을 환영합니다. {when}에 {email} 주소로 계정이 만들어졌습니다(위치: {place}).',
        '본인의 이메일 주소가 맞는지 확인해 주세요.',
      ],
      link: '주소 확인하기',
      second: {
        before: '이 계정을 만든 적이 없다면 클릭 한 번으로 삭제할 수 있습니다.',
        label: '본인이 아닙니다',
      },
    },
  },
  confirm_sign_up: {
    en: {
      subject: 'Confirm your sign-up',
      before: [
        'Somebody, probably you, asked for an account at {site} with {email} on {when} from {place}. ' +
          'It exists once you confirm.',
      ],
      link: 'Create my account',
      after: [IGNORE.en],
    },
    ko: {
      subject: '회원 가입을 확인해 주세요',
      before: [
        '{when}에 {email} 주소로 {site} 회원 가입 요청이 있었습니다(위치: {place}). 확인하시면 계정이 만들어집니다.',
      ],
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
      before: [
        '{email} no longer belongs to your account at {site}: it has a new address now.',
        'If this was not you, take your address back. That logs out every session and lets you choose a new password.',
      ],
      link: 'Take my address back',
      after: ['The link works once and for {hours} hours.'],
    },
    ko: {
      subject: '이메일 주소가 변경되었습니다',
      before: [
        '{site} 계정의 이메일 주소가 변경되어 {email}은(는) 더 이상 쓰이지 않습니다.',
        '본인이 변경하지 않았다면 주소를 되찾으세요. 모든 세션이 로그아웃되고 새 비밀번호를 정할 수 있습니다.',
      ],
      link: '내 주소 되찾기',
      after: ['이 링크는 한 번만, {hours}시간 동안 쓸 수 있습니다.'],
    },
  },
  account_deleted: {
    en: {
      subject: 'Your account was deleted',
      before: [
        'The account of {email} at {site} was deleted, with everything that belonged to it.',
        'If this was not you, please contact {site}.',
      ],
    },
    ko: {
      subject: '계정이 삭제되었습니다',
      before: [
        '{site}의 {email} 계정과 그에 딸린 모든 정보가 삭제되었습니다.',
        '본인이 삭제하지 않았다면 {site}에 문의해 주세요.',
      ],
    },
  },
  became_staff: {
    en: {
      subject: 'You are now a staff member',
      before: [
        'The account of {email} at {site} was made a staff member and may use the console. ' +
          'Its sessions were logged out; please log in again.',
        'If you did not expect this, please contact {site}.',
      ],
    },
    ko: {
      subject: '운영진이 되었습니다',
      before: [
        '{site}의 {email} 계정이 운영진으로 지정되어 관리 콘솔을 쓸 수 있습니다. 세션이 로그아웃되었으니 다시 로그인해 주세요.',
        '예상하지 못한 일이라면 {site}에 문의해 주세요.',
      ],
    },
  },
  username_changed: {
    en: {
      subject: 'Your username was changed',
      before: [
        'The username of {email} at {site} was changed.',
        'If this was not you, change your password at once.',
      ],
    },
    ko: {
      subject: '사용자 이름이 변경되었습니다',
      before: [
        '{site}에서 {email} 계정의 사용자 이름이 변경되었습니다.',
        '본인이 변경하지 않았다면 바로 비밀번호를 변경하세요.',
      ],
    },
  },
} as const satisfies Record<string, Record<Language, Words>>;

export type MailName = keyof typeof MAILS;

/** Of every mail: a way in where the link was broken on its way. */
export const CODE = {
  en: 'If the link does not work, open {page} and paste this code:',
  ko: '링크가 열리지 않으면 {page} 페이지를 열어 이 코드를 붙여 넣으세요.',
} as const satisfies Record<Language, string>;

export const UNKNOWN_PLACE = { en: 'an unknown place', ko: '알 수 없음' } as const satisfies Record<
  Language,
  string
>;
