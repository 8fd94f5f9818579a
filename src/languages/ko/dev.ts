import type * as en from '../en/dev.ts';

export const devPages: typeof en.devPages = {
  start: {
    title: '개발용 계정 서비스',
    intro: '서비스가 실행 중입니다. 이 페이지는 개발 환경에서만 보입니다.',
    docs: 'API 문서',
    pages: '사용자를 위한 페이지',
    docsAbout: '브라우저에서 모든 엔드포인트를 시험해 볼 수 있습니다.',
    console: '콘솔',
    consoleAbout: '사용자, 세션, 감사 로그를 봅니다. 로그인하려면 먼저 운영진 계정을 만드세요:',
    inbox: '개발용 메일함',
    inboxAbout: '실제 환경이라면 발송되었을 메일이 모입니다.',
    api: '주요 API',
  },
  inbox: {
    title: '개발용 메일함',
    intro: '최근 한 시간 동안의 메일을 최신순으로 보여 줍니다. 실제로 발송되지는 않습니다.',
    empty: '아직 메일이 없습니다. 가입하거나 비밀번호 재설정을 요청한 뒤 새로 고치세요.',
    to: '받는 사람: {to}',
  },
};
