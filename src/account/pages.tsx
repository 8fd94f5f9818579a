/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The small pages that links in mail open. A GET changes nothing: the script posts on a click, with the token
 * from the fragment, to the path of the page itself.
 */
import type { Language } from '../errors.ts';
import { Page } from '../http/page.tsx';

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
} as const;

const COMMON = {
  en: {
    missing: 'This link is not whole. Open it from the mail once more.',
    failed: 'The server could not be reached. Try again.',
    password: 'New password',
    script: 'This page needs JavaScript.',
  },
  ko: {
    missing: '링크가 온전하지 않습니다. 메일에서 다시 열어 주세요.',
    failed: '서버에 연결할 수 없습니다. 다시 시도하세요.',
    password: '새 비밀번호',
    script: '이 페이지에는 JavaScript가 필요합니다.',
  },
} as const;

/** `files`: where its style and script are. */
export function MailLinkPage(props: { kind: keyof typeof WORDS; language: Language; files: string }) {
  const { kind, language, files } = props;
  const words = WORDS[kind][language];
  const common = COMMON[language];
  return (
    <Page title={words.title} language={language} files={files} script="mail-link.js">
      <h1>{words.title}</h1>
      <form data-done={words.done} data-missing={common.missing} data-failed={common.failed}>
        <p class="hint">{words.text}</p>
        {kind === 'reset' && (
          <>
            <label for="new_password">{common.password}</label>
            <input
              id="new_password"
              name="new_password"
              type="password"
              autocomplete="new-password"
              required
              maxlength={256}
            />
          </>
        )}
        <button type="submit">{words.button}</button>
        <p role="status" />
      </form>
      <noscript>
        <p>{common.script}</p>
      </noscript>
    </Page>
  );
}
