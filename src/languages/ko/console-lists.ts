import type * as en from '../en/console-lists.ts';

export const lists: typeof en.lists = {
  first: '처음',
  previous: '이전',
  next: '다음',
  goOn: '계속 찾기',
  range: '전체 {total} 중 {from}–{to}',
  pagesAbove: '페이지',
  pagesBelow: '페이지(목록 아래)',
  filters: '필터',
  all: '전체',
  yes: '예',
  no: '아니요',
  looked: '{looked}개를 확인해 {found}개를 찾았습니다.',
  moreToLookAt: '아직 확인하지 않은 항목이 더 있습니다.',
  newestFirst: '최신순',
  details: '자세히',
};

export const overview: typeof en.overview = {
  newThisWeek: '이번 주 가입',
  liveSessions: '활성 세션',
  withSecondFactor: '2단계 인증 사용',
  withPasskey: '패스키 사용',
  withConnection: '계정 연결 사용',
  providers: '설정된 로그인 서비스:',
};

export const users: typeof en.users = {
  searchLabel: '이메일, 사용자 이름 또는 이름의 앞부분',
  add: '사용자 추가',
  matching: '검색 결과',
  allUsers: '모든 사용자',
  none: '아직 사용자가 없습니다.',
  noneBegin: "이메일, 사용자 이름 또는 이름이 '{search}'(으)로 시작하는 사용자가 없습니다.",
  noneFit: '필터에 맞는 사용자가 없습니다.',
  noneBeginAndFit:
    "이메일, 사용자 이름 또는 이름이 '{search}'(으)로 시작하면서 필터에 맞는 사용자가 없습니다.",
  tooManyByDate: '일치하는 사용자가 1,000명을 넘습니다. 더 입력하거나 이름순으로 정렬하세요.',
  tooManyByEmail: '일치하는 사용자가 1,000명을 넘어 이메일 주소만 검색했습니다. 더 입력하세요.',
  tooManyByUsername: '일치하는 사용자가 1,000명을 넘어 사용자 이름만 검색했습니다. 더 입력하세요.',
};

export const sessions: typeof en.sessions = {
  title: '세션',
  liveTitle: '활성 세션',
  aboutLive: '지금 로그인되어 있는 모든 세션입니다. 최근에 가입한 사용자부터 표시합니다.',
  session: '세션',
  user: '사용자',
  id: '세션 ID',
  status: '상태',
  live: '활성',
  expired: '만료됨',
  thisOne: '현재 세션',
  device: '{system}의 {browser}',
  unknownDevice: '알 수 없는 기기',
  signedIn: '로그인',
  lastUsed: '마지막 사용',
  expires: '만료',
  ended: '종료',
  ip: 'IP 주소',
  place: '위치',
  userAgent: '사용자 에이전트',
  action: '작업',
  end: '종료',
  endOwn: '종료…',
  endOne: '{device} 세션({when}) 종료',
  none: '세션이 없습니다.',
  noSuch: '그런 세션이 없습니다.',
};

export const revokedTokens: typeof en.revokedTokens = {
  about:
    '더 이상 쓸 수 없는 리프레시 토큰입니다. 차단은 되돌릴 수 없으며, 토큰의 만료 시각이 지나면 목록에서 사라집니다.',
  id: '토큰 ID',
  latestFirst: '만료가 늦은 순',
  none: '차단된 토큰이 없습니다.',
  noSuch: '그런 토큰이 없습니다.',
  user: '사용자',
  unknownUser: '알 수 없는 사용자',
  why: '이유',
  revoked: '차단',
  expires: '만료',
};

export const reasons: typeof en.reasons = {
  logged_out: '로그아웃',
  ended: '종료됨',
  evicted: '세션 수 초과',
  replayed: '토큰 재사용',
  rotated: '새 토큰으로 교체',
  password_changed: '비밀번호 변경',
  password_reset: '비밀번호 재설정',
  deactivated: '비활성화',
  promoted: '운영진 지정',
  demoted: '운영진 제외',
  withdrawn: '계정 삭제',
};

export const activity: typeof en.activity = {
  title: '활동',
  all: '운영진이 이 사용자에게 한 모든 작업',
  by: '주체',
  user: '사용자',
  staff: '운영진:',
  joined: '계정 생성',
  email_verified: '이메일 주소 확인',
  factor_on: '2단계 인증 켜기',
  signed_in: '로그인:',
  session_ended: '세션 종료: {reason}',
  sessions_ended: '세션 {count}개 종료: {reason}',
  passkey_added: '패스키 추가:',
  connection_added: '계정 연결:',
};

export const history: typeof en.history = {
  none: '아직 기록이 없습니다.',
  noneFit: '조건에 맞는 기록이 없습니다.',
  latest: '최근 작업 기록',
  all: '모든 작업 기록',
  when: '시각',
  who: '운영진',
  did: '작업',
  toWhom: '사용자',
  fields: '변경 내용',
  nameHint: '이메일, 사용자 이름 또는 ID',
  filter: '적용',
};
