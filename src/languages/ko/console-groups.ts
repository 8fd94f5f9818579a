import type * as en from '../en/console-groups.ts';

export const groups: typeof en.groups = {
  ticked: '선택한 사용자:',
  all: '이 페이지의 사용자 모두 선택',
  export: 'CSV로 내보내기',
  count: '사용자 {count}명',
  leftOut: '제외: {count}명',
  nobody: '처리할 수 있는 사용자가 없습니다. 목록에서 사용자를 선택하세요.',
  tooMany: '한 번에 {max}명까지만 선택할 수 있습니다.',
  typeCount: '확인하려면 사용자 수({count})를 입력하세요',
  mismatch: '사용자 수와 다릅니다.',
  acts: {
    activate: {
      ask: '활성화…',
      title: '이 사용자들을 활성화할까요?',
      text: '다시 로그인할 수 있게 됩니다.',
      button: '모두 활성화',
    },
    deactivate: {
      ask: '비활성화…',
      title: '이 사용자들을 비활성화할까요?',
      text: '다시 활성화할 때까지 로그인할 수 없고, 메일로 보낸 링크는 모두 쓸 수 없게 됩니다.',
      button: '모두 비활성화',
    },
    'end-sessions': {
      ask: '세션 종료…',
      title: '이 사용자들의 모든 세션을 종료할까요?',
      text: '모든 기기에서 다시 로그인해야 합니다.',
      button: '세션 모두 종료',
    },
    delete: {
      ask: '삭제…',
      title: '이 사용자들을 삭제할까요?',
      text: '계정과 그에 딸린 모든 정보가 완전히 삭제됩니다. 메일로 알립니다. 작업 기록에는 가명으로만 남습니다.',
      button: '모두 완전히 삭제',
    },
  },
  why: {
    own: '본인입니다',
    staff: '운영진이 한 명도 남지 않습니다',
    unverified: '이메일 주소가 확인되지 않은 운영진이므로 사용자 페이지에서 처리하세요',
    nothing: '처리할 것이 없습니다',
  },
};
