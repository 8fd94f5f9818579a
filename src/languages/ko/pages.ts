import type * as en from '../en/pages.ts';

export const mailLinkPages: typeof en.mailLinkPages = {
  verify: {
    title: '이메일 주소 확인',
    text: '본인의 이메일 주소가 맞으면 버튼을 눌러 확인해 주세요.',
    button: '확인',
    done: '확인되었습니다. 이 페이지를 닫아도 됩니다.',
  },
  reset: {
    title: '새 비밀번호 정하기',
    text: '모든 세션이 로그아웃됩니다.',
    button: '비밀번호 설정',
    done: '비밀번호가 설정되었습니다. 이제 새 비밀번호로 로그인할 수 있습니다.',
  },
  disown: {
    title: '본인이 아닙니다',
    text: '이 계정을 만든 적이 없다면 버튼을 눌러 주세요. 계정이 삭제됩니다.',
    button: '계정 삭제',
    done: '계정이 삭제되었습니다. 이 페이지를 닫아도 됩니다.',
    dead: '이미 사용했거나 만료된 링크입니다. 계정이 이미 삭제되었거나 주소가 확인되었습니다.',
  },
  take_back: {
    title: '내 주소 되찾기',
    text: '계정의 이메일 주소를 변경한 적이 없다면 버튼을 눌러 주세요. 모든 세션이 로그아웃되고, 이어서 새 비밀번호를 정합니다.',
    button: '내 주소 되찾기',
    done: '주소를 되찾았습니다.',
    dead: '이미 사용했거나 만료된 링크입니다.',
  },
};

export const emailSignInPage: typeof en.emailSignInPage = {
  title: '로그인',
  text: '버튼을 누르면 로그인됩니다.',
  email: '이메일 주소',
  code: '메일에 있는 코드',
  factor: '인증 앱의 코드 또는 복구 코드',
  factorWrong:
    '올바르지 않은 코드입니다. 다섯 번 틀렸거나 5분이 지났다면 새 메일을 받아 처음부터 다시 시작하세요.',
  button: '로그인',
  again: '처음부터 다시',
  done: '로그인되었습니다. 이 페이지를 닫아도 됩니다.',
  dead: '이미 사용했거나 만료된 링크입니다. 새 메일의 코드를 입력해 주세요.',
};

export const mailLinkParts: typeof en.mailLinkParts = {
  code: '메일에 있는 코드',
  dead: '이미 사용했거나 만료된 링크입니다. 새 링크를 요청해 주세요.',
  password: '새 비밀번호',
  rules:
    '{min}자 이상이어야 합니다. 숫자만으로 된 비밀번호, 흔한 비밀번호, 이름이나 주소와 비슷한 비밀번호는 쓸 수 없습니다.',
  chosen: '가입할 때 정한 비밀번호',
  instead: '기억나지 않으면 새 비밀번호',
  proof: '계정을 보호하기 위해 가입할 때 정한 비밀번호를 입력하거나 새 비밀번호를 정해 주세요.',
  email: '이메일 주소',
  again: '새 링크 보내기',
  sent: '이 주소로 만든 계정이 있으면 새 링크를 보내 드립니다.',
  sent_unverified:
    '이 주소로 만든 계정이 아직 확인되지 않았다면 새 링크를 보내 드립니다. 메일이 오지 않으면 로그인하거나 다시 가입해 주세요.',
  back: '계속하기',
};
