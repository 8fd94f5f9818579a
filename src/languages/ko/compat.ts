/** The messages of djoser and dj-rest-auth. */

/** Field errors. */
export const libraryFaults = {
  email_unique: '이 이메일 주소를 쓰는 사용자가 이미 있습니다.',
  username_unique: '이 사용자 이름을 쓰는 사용자가 이미 있습니다.',
  email_registered: '이 이메일 주소로 이미 가입한 사용자가 있습니다.',
  credentials: '입력한 정보로 로그인할 수 없습니다.',
  name_missing: '사용자 이름이나 이메일 주소 가운데 하나와 비밀번호를 입력하세요.',
  password_mismatch: '두 비밀번호가 서로 다릅니다.',
  django_mismatch: '두 비밀번호가 서로 다릅니다.',
  djoser_password: '비밀번호가 올바르지 않습니다.',
  djoser_token: '이 사용자에게 맞지 않는 토큰입니다.',
  djoser_uid: '사용자 ID가 올바르지 않거나 없는 사용자입니다.',
  old_password_incorrect: '기존 비밀번호가 맞지 않습니다. 다시 입력하세요.',
  invalid_value: '올바르지 않은 값입니다.',
};

/** The `detail` of dj-rest-auth's responses. */
export const restAuthWords = {
  logged_out: '로그아웃했습니다.',
  refresh_not_sent: '요청 본문에 리프레시 토큰이 없습니다.',
  refresh_not_found: '유효한 리프레시 토큰이 없습니다.',
  password_saved: '새 비밀번호를 저장했습니다.',
  reset_sent: '비밀번호 재설정 메일을 보냈습니다.',
  password_reset: '새 비밀번호로 바꿨습니다.',
  verification_sent: '확인 메일을 보냈습니다.',
  ok: '확인했습니다.',
};
