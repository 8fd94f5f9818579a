import type * as en from '../en/console-questions.ts';

export const questions: typeof en.questions = {
  activate: {
    title: '이 운영진을 다시 활성화할까요?',
    text: '다시 로그인하고 이 콘솔을 쓸 수 있게 됩니다. 이메일 주소는 아직 확인되지 않았습니다.',
    button: '활성화',
  },
  promote: {
    title: '이 사용자를 운영진으로 지정할까요?',
    text: '이 콘솔을 쓸 수 있게 되며, 다시 로그인해야 합니다.',
    button: '운영진으로 지정',
  },
  deactivate: {
    title: '이 사용자를 비활성화할까요?',
    text: '다시 활성화할 때까지 로그인할 수 없고, 메일로 보낸 링크는 모두 쓸 수 없게 됩니다.',
    button: '비활성화',
  },
  demote: {
    title: '이 사용자를 운영진에서 제외할까요?',
    text: '이 콘솔을 쓸 수 없게 되며, 다른 곳에서도 다시 로그인해야 합니다.',
    button: '운영진에서 제외',
  },
  'end-sessions': {
    title: '이 사용자의 모든 세션을 종료할까요?',
    text: '모든 기기에서 다시 로그인해야 합니다.',
    button: '모든 세션 종료',
  },
  'remove-factor': {
    title: '이 사용자의 2단계 인증을 끌까요?',
    text: '다시 설정할 때까지 비밀번호만으로 로그인하게 됩니다. 복구 코드도 쓸 수 없게 됩니다.',
    button: '2단계 인증 끄기',
  },
  'remove-passkey': {
    title: '이 사용자의 패스키를 삭제할까요?',
    text: '이 패스키로는 더 이상 로그인할 수 없습니다. 다른 로그인 방법이 없는 사용자는 비밀번호를 재설정해야 합니다. 사용자에게 메일로 알리며, 세션은 유지됩니다.',
    button: '패스키 삭제',
  },
  'remove-connection': {
    title: '이 사용자의 계정 연결을 해제할까요?',
    text: '연결된 계정으로는 더 이상 로그인할 수 없습니다. 다른 로그인 방법이 없는 사용자는 비밀번호를 재설정해야 합니다. 사용자에게 메일로 알리며, 세션은 유지됩니다.',
    button: '연결 해제',
  },
  'verify-email': {
    title: '이 주소를 확인된 주소로 표시할까요?',
    text: '본인의 주소로 확인된 것으로 봅니다. 운영진으로 지정할 수 있고, 이 주소로 비밀번호를 재설정할 수 있습니다. 누구의 주소인지 알고 있을 때만 하세요. 사용자에게 메일로 알립니다.',
    button: '확인된 주소로 표시',
  },
  'remove-password': {
    title: '이 사용자의 비밀번호를 삭제할까요?',
    text: '메일로 새 비밀번호를 정하거나 운영진이 설정할 때까지 비밀번호로 로그인할 수 없습니다. 사용자에게 메일로 알립니다.',
    button: '비밀번호 삭제',
  },
  delete: {
    title: '이 사용자를 삭제할까요?',
    text: '계정과 그에 딸린 모든 정보가 완전히 삭제됩니다. 사용자에게 메일로 알리며, 작업 기록에는 가명으로만 남습니다.',
    button: '완전히 삭제',
  },
};

export const confirm: typeof en.confirm = {
  noSession: '활성 세션이 없습니다.',
  oneSession: '세션 1개가 종료됩니다.',
  sessions: '세션 {count}개가 종료됩니다.',
  manySessions: '{count}개가 넘는 세션이 종료됩니다.',
  own: '지금 로그인한 본인의 계정입니다.',
  ownEnds: '지금 로그인한 본인의 계정입니다. 콘솔에서 로그아웃됩니다.',
  typeEmail: '확인을 위해 이메일 주소를 입력하세요',
  typeUsername: '확인을 위해 사용자 이름을 입력하세요',
  mismatch: '다른 사용자이거나 철자가 다릅니다.',
};
