import type { FieldFaultName, RefusalName } from '../../errors.ts';
import type * as en from '../en/errors.ts';

export const refusals: Record<RefusalName, string> = {
  parse_error: 'JSON 구문을 해석할 수 없습니다.',
  invalid: '입력이 올바르지 않습니다.',
  not_authenticated: '인증 정보가 제공되지 않았습니다.',
  bad_authorization_header: 'Authorization 헤더는 공백으로 나뉜 두 값이어야 합니다.',
  no_active_account: '입력한 정보와 일치하는 활성 계정이 없습니다.',
  access_token_not_valid: '이 토큰은 어떤 종류의 토큰으로도 유효하지 않습니다.',
  access_token_expired: '만료된 토큰입니다.',
  refresh_token_not_valid: '유효하지 않은 토큰입니다.',
  refresh_token_expired: '만료된 토큰입니다.',
  token_blacklisted: '차단된 토큰입니다.',
  user_not_found: '사용자를 찾을 수 없습니다.',
  user_inactive: '비활성화된 사용자입니다.',
  reauthentication_required: '이 작업을 하려면 본인 확인을 다시 해야 합니다.',
  mfa_required: '인증 앱의 코드를 입력하세요.',
  code_not_valid: '올바르지 않은 코드입니다.',
  passkey_not_valid: '패스키를 확인할 수 없습니다.',
  permission_denied: '이 작업을 수행할 권한이 없습니다.',
  email_not_verified: '먼저 이메일 주소 확인을 마쳐야 합니다.',
  last_staff: '마지막 활성 운영진은 삭제하거나 비활성화하거나 운영진에서 제외할 수 없습니다.',
  sign_up_closed: '회원 가입을 받지 않습니다.',
  origin_not_allowed: '이 출처에서 보낸 요청은 허용되지 않습니다.',
  not_found: '찾을 수 없습니다.',
  method_not_allowed: '허용되지 않은 메서드입니다.',
  email_taken: '이 이메일 주소를 쓰는 계정이 이미 있습니다.',
  username_taken: '이 사용자 이름을 쓰는 사용자가 이미 있습니다.',
  connection_taken: '이미 다른 사용자에게 연결된 계정입니다.',
  last_sign_in_method: '하나 남은 로그인 방법입니다. 먼저 다른 로그인 방법을 추가하세요.',
  payload_too_large: '본문이 16 KiB보다 큽니다.',
  unsupported_media_type: '본문은 UTF-8로 쓴 application/json이어야 합니다.',
  throttled: '요청이 너무 많습니다. 잠시 뒤에 다시 시도하세요.',
  internal_error: '서버에서 오류가 발생했습니다.',
  unavailable: '지금은 서비스를 이용할 수 없습니다. 잠시 뒤에 다시 시도하세요.',
  misconfigured: '서비스 설정이 잘못되었습니다.',
};

/** DRF's own messages, for the paths of its clients. */
export const drfRefusals = {
  method_not_allowed: '"{method}" 메서드는 허용되지 않습니다.',
  unsupported_media_type: '요청의 미디어 형식 "{media_type}"을(를) 지원하지 않습니다.',
};

export const attributeNames: typeof en.attributeNames = {
  username: '사용자 이름',
  name: '이름',
  email: '이메일 주소',
};

export const fieldFaults: Record<FieldFaultName, string> = {
  required: '이 필드는 필수입니다.',
  null: '이 필드는 null일 수 없습니다.',
  blank: '이 필드는 비워 둘 수 없습니다.',
  not_a_string: '올바른 문자열이 아닙니다.',
  not_an_object: '올바르지 않은 데이터입니다. 객체가 필요합니다.',
  not_a_boolean: '참 또는 거짓이어야 합니다.',
  email: '올바른 이메일 주소를 입력하세요.',
  username: '올바른 사용자 이름을 입력하세요. 글자, 숫자, @/./+/-/_만 쓸 수 있습니다.',
  username_address: '@가 들어간 사용자 이름은 본인의 이메일 주소여야 합니다.',
  characters: '제어 문자와 짝이 없는 서로게이트는 쓸 수 없습니다.',
  identity: '이메일 주소가 필요합니다.',
  inactive: '비활성화된 사용자라서 로그인할 수 없습니다. 먼저 활성화하세요.',
  unverified:
    '확인되지 않은 이메일 주소라서 누구든지 이 주소로 가입했을 수 있습니다. 누구의 계정인지 알고 있다고 확인해 주세요.',
  max_length: '이 필드는 {max}자를 넘을 수 없습니다.',
  invalid: '올바르지 않은 값입니다.',
  token_not_valid: '토큰이 유효하지 않거나 만료되었습니다.',
  passkey_not_valid: '패스키를 확인할 수 없습니다. 다시 시도하세요.',
  passkey_taken: '이미 등록된 패스키입니다.',
  too_many_passkeys: '패스키가 이미 {max}개 있습니다. 먼저 하나를 삭제하세요.',
  password_incorrect: '비밀번호가 맞지 않습니다. 다시 입력하세요.',
  password_too_short: '비밀번호가 너무 짧습니다. {min}자 이상이어야 합니다.',
  password_too_long: '비밀번호가 너무 깁니다. {max}자를 넘을 수 없습니다.',
  password_too_common: '너무 흔한 비밀번호입니다.',
  password_entirely_numeric: '숫자로만 된 비밀번호는 쓸 수 없습니다.',
  password_too_similar: '비밀번호가 개인 정보({attribute})와 너무 비슷합니다.',
  password_breached: '유출된 적이 있는 비밀번호입니다.',
};
