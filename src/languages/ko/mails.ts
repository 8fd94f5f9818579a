import type * as en from '../en/mails.ts';

const IGNORE = '본인이 요청하지 않았다면 이 메일을 무시해도 됩니다.';

export const mails: Record<en.MailName, en.MailWords> = {
  verify_email: {
    subject: '이메일 주소를 확인해 주세요',
    before: [
      '{site}에 오신 것을 환영합니다. {when}에 {email} 주소로 계정이 만들어졌습니다(위치: {place}).',
      '본인의 이메일 주소가 맞는지 확인해 주세요.',
    ],
    link: '주소 확인하기',
    second: {
      before: '이 계정을 만든 적이 없다면 클릭 한 번으로 삭제할 수 있습니다.',
      label: '본인이 아닙니다',
    },
  },
  confirm_sign_up: {
    subject: '회원 가입을 확인해 주세요',
    before: [
      '{when}에 {email} 주소로 {site} 회원 가입 요청이 있었습니다(위치: {place}). 확인하시면 계정이 만들어집니다.',
    ],
    link: '계정 만들기',
    after: [IGNORE],
  },
  address_has_account: {
    subject: '이미 계정이 있습니다',
    before: [
      '{site}에서 {email} 주소를 쓰려는 요청이 있었지만 이미 계정이 있는 주소입니다. 그 계정으로 로그인하거나, 비밀번호를 잊었다면 재설정할 수 있습니다.',
      IGNORE,
    ],
  },
  password_reset: {
    subject: '비밀번호 재설정',
    before: ['{site}에서 {email} 계정의 비밀번호를 재설정해 달라는 요청이 있었습니다.'],
    link: '새 비밀번호 정하기',
    after: ['이 링크는 한 번만, {minutes}분 동안 쓸 수 있습니다.', IGNORE],
  },
  password_changed: {
    subject: '비밀번호가 변경되었습니다',
    before: [
      '{site}에서 {email} 계정의 비밀번호가 변경되었고 다른 세션은 로그아웃되었습니다.',
      '본인이 변경하지 않았다면 바로 비밀번호를 재설정하세요.',
    ],
  },
  own_password_removed: {
    subject: '비밀번호가 삭제되었습니다',
    before: [
      '{site}에서 {email} 계정의 비밀번호가 삭제되었고 다른 세션은 로그아웃되었습니다. 이제부터는 등록해 둔 다른 방법으로 로그인합니다.',
      '본인이 한 일이 아니라면 바로 비밀번호를 재설정해서 새 비밀번호를 정하세요.',
    ],
  },
  email_change: {
    subject: '새 이메일 주소를 확인해 주세요',
    before: ['{site} 계정에 {email} 주소를 쓰겠다는 요청이 있었습니다.'],
    link: '이 주소 쓰기',
    after: [IGNORE],
  },
  email_change_asked: {
    subject: '이메일 주소 변경 요청',
    before: [
      '{site}에서 {email} 대신 다른 주소를 쓰겠다는 요청이 있었습니다. 새 주소가 확인되면 변경됩니다.',
      '본인이 요청하지 않았다면 바로 비밀번호를 변경하세요. 그러면 요청이 취소됩니다.',
    ],
  },
  email_changed: {
    subject: '이메일 주소가 변경되었습니다',
    before: [
      '{site} 계정의 이메일 주소가 변경되어 {email}은(는) 더 이상 쓰이지 않습니다.',
      '본인이 변경하지 않았다면 주소를 되찾으세요. 모든 세션이 로그아웃되고 새 비밀번호를 정할 수 있습니다.',
    ],
    link: '내 주소 되찾기',
    after: ['이 링크는 한 번만, {hours}시간 동안 쓸 수 있습니다.'],
  },
  second_factor_on: {
    subject: '2단계 인증이 켜졌습니다',
    before: [
      '이제 {site}의 {email} 계정에 로그인할 때 인증 앱의 코드를 입력해야 합니다.',
      '본인이 한 일이 아니라면 바로 비밀번호를 바꾸고 문의해 주세요.',
    ],
  },
  second_factor_off: {
    subject: '2단계 인증이 꺼졌습니다',
    before: [
      '이제 {site}의 {email} 계정에 로그인할 때 인증 앱의 코드를 묻지 않습니다.',
      '본인이 한 일이 아니라면 바로 비밀번호를 바꾸세요.',
    ],
  },
  passkey_added: {
    subject: '패스키가 추가되었습니다',
    before: [
      '{site}의 {email} 계정에 패스키가 추가되었습니다. 이제 이 패스키로 로그인할 수 있습니다.',
      '본인이 한 일이 아니라면 바로 그 패스키를 삭제하고 비밀번호를 바꾸세요.',
    ],
  },
  passkey_removed: {
    subject: '패스키가 삭제되었습니다',
    before: [
      '{site}의 {email} 계정에서 패스키가 삭제되었습니다. 이제 이 패스키로는 로그인할 수 없습니다.',
      '본인이 한 일이 아니라면 바로 비밀번호를 바꾸세요.',
    ],
  },
  recovery_code_used: {
    subject: '복구 코드가 사용되었습니다',
    before: [
      '복구 코드로 {site}의 {email} 계정에 로그인했습니다. 이 코드는 다시 쓸 수 없습니다.',
      '본인이 한 일이 아니라면 바로 비밀번호를 바꾸세요.',
    ],
  },
  sign_in_code: {
    subject: '로그인 코드',
    before: ['{email} 주소로 {site}에 로그인하려는 요청이 있었습니다.'],
    code: '다음 코드를 입력하세요.',
    link: '이 기기에서 로그인',
    after: ['코드와 링크는 한 번만, {minutes}분 동안 쓸 수 있습니다. 아무에게도 알려 주지 마세요.', IGNORE],
  },
  connection_added: {
    subject: '외부 계정이 연결되었습니다',
    before: [
      '이제 연결된 외부 계정으로 {site}의 {email} 계정에 로그인할 수 있습니다.',
      '본인이 한 일이 아니라면 로그인해서 연결을 해제하고 비밀번호를 바꾸세요.',
    ],
  },
  connection_removed: {
    subject: '외부 계정 연결이 해제되었습니다',
    before: [
      '연결되어 있던 외부 계정으로는 더 이상 {site}의 {email} 계정에 로그인할 수 없습니다.',
      '본인이 한 일이 아니라면 바로 비밀번호를 바꾸세요.',
    ],
  },
  new_device: {
    subject: '새 기기에서 로그인했습니다',
    before: [
      '{when}에 {site}의 {email} 계정에 로그인했습니다(기기: {device}, 위치: {place}).',
      '본인이 아니라면 바로 비밀번호를 바꾸고 그 세션을 종료하세요.',
    ],
  },
  account_deleted: {
    subject: '계정이 삭제되었습니다',
    before: [
      '{site}의 {email} 계정과 그에 딸린 모든 정보가 삭제되었습니다.',
      '본인이 삭제하지 않았다면 {site}에 문의해 주세요.',
    ],
  },
  became_staff: {
    subject: '운영진이 되었습니다',
    before: [
      '{site}의 {email} 계정이 운영진으로 지정되어 관리 콘솔을 쓸 수 있습니다. 세션이 로그아웃되었으니 다시 로그인해 주세요.',
      '예상하지 못한 일이라면 {site}에 문의해 주세요.',
    ],
  },
  username_changed: {
    subject: '사용자 이름이 변경되었습니다',
    before: [
      '{site}에서 {email} 계정의 사용자 이름이 변경되었습니다.',
      '본인이 변경하지 않았다면 바로 비밀번호를 변경하세요.',
    ],
  },
  invitation: {
    subject: '계정이 만들어졌습니다',
    before: ['{site} 운영진이 {email} 주소로 계정을 만들었습니다. 비밀번호를 정하면 로그인할 수 있습니다.'],
    link: '비밀번호 정하기',
    after: [
      '이 링크는 한 번만, {hours}시간 동안 쓸 수 있습니다. 그 뒤에는 비밀번호 재설정으로 새 링크를 받을 수 있습니다.',
      '{site}을(를) 모른다면 이 메일을 무시해도 됩니다.',
    ],
  },
  email_replaced: {
    subject: '이메일 주소가 변경되었습니다',
    before: [
      '운영진이 다른 주소를 설정하여 {email}은(는) 더 이상 {site} 계정에 쓰이지 않습니다.',
      '예상하지 못한 일이라면 {site}에 문의해 주세요.',
    ],
  },
  address_set: {
    subject: '이메일 주소를 확인해 주세요',
    before: [
      '{site} 운영진이 {email}을(를) 계정의 주소로 설정했습니다. 본인의 이메일 주소가 맞는지 확인해 주세요.',
    ],
    link: '주소 확인하기',
    after: ['{site}에 계정이 없다면 이 메일을 무시해도 됩니다.'],
  },
  address_confirmed: {
    subject: '이메일 주소가 확인되었습니다',
    before: [
      '{site} 운영진이 {email}을(를) 계정의 주소로 확인했습니다. 이 주소로 로그인하고 비밀번호를 재설정할 수 있습니다.',
      '예상하지 못한 일이라면 {site}에 문의해 주세요.',
    ],
  },
  password_set: {
    subject: '비밀번호가 변경되었습니다',
    before: [
      '{site} 운영진이 {email} 계정에 새 비밀번호를 설정했고 모든 세션이 로그아웃되었습니다.',
      '예상하지 못한 일이라면 바로 비밀번호를 재설정하고 {site}에 문의해 주세요.',
    ],
  },
  password_removed: {
    subject: '비밀번호가 삭제되었습니다',
    before: [
      '{site} 운영진이 {email} 계정의 비밀번호를 삭제했습니다. 그 비밀번호로는 더 이상 로그인할 수 없고 모든 세션이 로그아웃되었습니다. 새 비밀번호를 정하려면 비밀번호를 재설정하세요.',
      '예상하지 못한 일이라면 {site}에 문의해 주세요.',
    ],
  },
};

export const mailParts: typeof en.mailParts = {
  code: '링크가 열리지 않으면 {page} 페이지를 열어 이 코드를 붙여 넣으세요.',
  unknownPlace: '알 수 없음',
  unknownDevice: '알 수 없음',
};
