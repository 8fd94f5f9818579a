/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The small pages that links in mail open. A GET changes nothing: the script (assets/static/mail-link.js) posts on a
 * click, with the token from the link or from the field, to the path of the page itself.
 */
import type { Language } from '../errors.ts';
import { Page } from '../http/page.tsx';
import { PASSWORD_MAX_LENGTH } from '../password/policy.ts';

const WORDS = {
  verify: {
    en: {
      title: 'Confirm your e-mail address',
      text: 'Press the button to confirm that this is your e-mail address.',
      button: 'Confirm',
      done: 'Confirmed. You can close this page.',
    },
    ko: {
      title: '이메일 주소 확인',
      text: '본인의 이메일 주소가 맞으면 버튼을 눌러 확인해 주세요.',
      button: '확인',
      done: '확인되었습니다. 이 페이지를 닫아도 됩니다.',
    },
  },
  reset: {
    en: {
      title: 'Choose a new password',
      text: 'All your sessions will be logged out.',
      button: 'Set password',
      done: 'Your password is set. You can log in with it now.',
    },
    ko: {
      title: '새 비밀번호 정하기',
      text: '모든 세션이 로그아웃됩니다.',
      button: '비밀번호 설정',
      done: '비밀번호가 설정되었습니다. 이제 새 비밀번호로 로그인할 수 있습니다.',
    },
  },
  disown: {
    en: {
      title: 'This wasn’t me',
      text: 'Press the button if you did not create this account. It will be deleted.',
      button: 'Delete the account',
      done: 'The account was deleted. You can close this page.',
    },
    ko: {
      title: '본인이 아닙니다',
      text: '이 계정을 만든 적이 없다면 버튼을 눌러 주세요. 계정이 삭제됩니다.',
      button: '계정 삭제',
      done: '계정이 삭제되었습니다. 이 페이지를 닫아도 됩니다.',
    },
  },
  take_back: {
    en: {
      title: 'Take your address back',
      text: 'Press the button if you did not change the address of your account. Every session will be logged out, and you choose a new password next.',
      button: 'Take my address back',
      done: 'The address is yours again.',
    },
    ko: {
      title: '내 주소 되찾기',
      text: '계정의 이메일 주소를 변경한 적이 없다면 버튼을 눌러 주세요. 모든 세션이 로그아웃되고, 이어서 새 비밀번호를 정합니다.',
      button: '내 주소 되찾기',
      done: '주소를 되찾았습니다.',
    },
  },
} as const;

const COMMON = {
  en: {
    code: 'Code from the e-mail',
    dead: 'This link was already used or has expired. Ask for a new one.',
    failed: 'The server could not be reached. Try again.',
    password: 'New password',
    show: 'Show password',
    rules:
      'At least {min} characters. Not only digits, not a common password, not close to your name or address.',
    chosen: 'The password you chose when you signed up',
    instead: 'or a new password, if you do not know it',
    proof: 'To protect your account, enter the password that you chose, or choose a new one.',
    email: 'E-mail address',
    again: 'Send a new link',
    sent: 'If there is an account with this address, a new link is on its way.',
    back: 'Continue',
    script: 'This page needs JavaScript.',
  },
  ko: {
    code: '메일에 있는 코드',
    dead: '이미 사용했거나 만료된 링크입니다. 새 링크를 요청해 주세요.',
    failed: '서버에 연결할 수 없습니다. 다시 시도하세요.',
    password: '새 비밀번호',
    show: '비밀번호 표시',
    rules:
      '{min}자 이상이어야 합니다. 숫자만으로 된 비밀번호, 흔한 비밀번호, 이름이나 주소와 비슷한 비밀번호는 쓸 수 없습니다.',
    chosen: '가입할 때 정한 비밀번호',
    instead: '모르면 새 비밀번호',
    proof: '계정을 보호하기 위해 가입할 때 정한 비밀번호를 입력하거나 새 비밀번호를 정해 주세요.',
    email: '이메일 주소',
    again: '새 링크 보내기',
    sent: '이 주소로 만든 계정이 있으면 새 링크를 보내 드립니다.',
    back: '계속하기',
    script: '이 페이지에는 JavaScript가 필요합니다.',
  },
} as const;

export type MailLinkKind = keyof typeof WORDS;

function PasswordField(props: { name: string; label: string; autocomplete: string }) {
  const { name, label, autocomplete } = props;
  return (
    <>
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        type="password"
        autocomplete={autocomplete}
        maxlength={PASSWORD_MAX_LENGTH}
      />
    </>
  );
}

/** `mount`: where the account app is, its files included. `minLength`: of a password. */
export function MailLinkPage(props: {
  kind: MailLinkKind;
  language: Language;
  mount: string;
  minLength: number;
  returnUrl?: string | undefined;
}) {
  const { kind, language, mount, minLength, returnUrl } = props;
  const words = WORDS[kind][language];
  const common = COMMON[language];
  const rules = <p class="hint">{common.rules.replace('{min}', String(minLength))}</p>;
  const show = (
    <label class="check">
      <input type="checkbox" data-show /> {common.show}
    </label>
  );
  return (
    <Page title={words.title} language={language} files={`${mount}/static`} script="mail-link.js">
      <h1>{words.title}</h1>
      <form
        id="act"
        data-kind={kind}
        data-done={words.done}
        data-dead={common.dead}
        data-failed={common.failed}
        data-proof={common.proof}
        data-next={`${mount}/password/reset/confirm`}
      >
        <p class="hint">{words.text}</p>
        <div data-part="code" hidden>
          <label for="token">{common.code}</label>
          <input id="token" name="token" autocomplete="off" spellcheck={false} />
        </div>
        {kind === 'reset' && (
          <>
            {/* For password managers, which keep a password beside a name. */}
            <input class="unseen" name="username" autocomplete="username" />
            <PasswordField name="new_password" label={common.password} autocomplete="new-password" />
            {rules}
            {show}
          </>
        )}
        {kind === 'verify' && (
          <div data-part="proof" hidden>
            <PasswordField name="password" label={common.chosen} autocomplete="current-password" />
            <PasswordField name="new_password" label={common.instead} autocomplete="new-password" />
            {rules}
            {show}
          </div>
        )}
        <button type="submit">{words.button}</button>
      </form>
      <p role="status" />
      {kind === 'reset' && (
        <form
          id="again"
          data-to={`${mount}/password/reset`}
          data-sent={common.sent}
          data-failed={common.failed}
          hidden
        >
          <label for="email">{common.email}</label>
          <input id="email" name="email" type="email" autocomplete="email" required />
          <button type="submit">{common.again}</button>
        </form>
      )}
      {returnUrl !== undefined && (
        <p data-part="back" hidden>
          <a href={returnUrl}>{common.back}</a>
        </p>
      )}
      <noscript>
        <p>{common.script}</p>
      </noscript>
    </Page>
  );
}
