import type * as en from '../en/console-credentials.ts';

export const credentials: typeof en.credentials = {
  emailTitle: '이메일 주소 변경',
  emailText: '바로 변경되며, 전에 메일로 보낸 링크는 모두 쓸 수 없게 됩니다. 세션은 유지됩니다.',
  emailTextVerified:
    '바로 변경되며, 전에 메일로 보낸 링크는 모두 쓸 수 없게 됩니다. 세션은 유지됩니다. 이전 주소로는 72시간 동안 주소를 되찾을 수 있는 링크를 보냅니다.',
  theirs: '본인의 주소임을 알고 있으므로 확인된 주소로 표시',
  emailButton: '주소 변경',
  passwordTitle: '비밀번호 설정',
  passwordText:
    '전에 메일로 보낸 링크는 모두 쓸 수 없게 됩니다. 비밀번호가 바뀌었다는 사실만 메일로 알리며 비밀번호는 보내지 않습니다.',
  newPassword: '새 비밀번호',
  passwordButton: '비밀번호 설정',
};
