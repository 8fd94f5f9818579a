/** Error messages: the `detail` of an error, the `message` of a field. English ones are those of DRF and simplejwt, if any. */
import type { FieldFaultName, RefusalName } from '../../errors.ts';

export const refusals: Record<RefusalName, string> = {
  parse_error: 'JSON parse error.',
  invalid: 'Invalid input.',
  not_authenticated: 'Authentication credentials were not provided.',
  bad_authorization_header: 'Authorization header must contain two space-delimited values',
  no_active_account: 'No active account found with the given credentials',
  access_token_not_valid: 'Given token not valid for any token type',
  access_token_expired: 'Token is expired',
  refresh_token_not_valid: 'Token is invalid',
  refresh_token_expired: 'Token is expired',
  token_blacklisted: 'Token is blacklisted',
  user_not_found: 'User not found',
  user_inactive: 'User is inactive',
  reauthentication_required: 'Confirm your identity again to do this.',
  mfa_required: 'Enter the code from your authenticator app.',
  code_not_valid: 'This code is not valid.',
  passkey_not_valid: 'This passkey could not be verified.',
  permission_denied: 'You do not have permission to perform this action.',
  email_not_verified: 'Verify your e-mail address first.',
  last_staff: 'The last active staff member cannot be removed, deactivated or demoted.',
  sign_up_closed: 'Sign-up is closed.',
  origin_not_allowed: 'Requests from this origin are not allowed.',
  not_found: 'Not found.',
  method_not_allowed: 'Method not allowed.',
  email_taken: 'An account with this e-mail address already exists.',
  username_taken: 'A user with that username already exists.',
  connection_taken: 'This account is already connected to another user.',
  last_sign_in_method: 'This is your only way to sign in. Add another one first.',
  payload_too_large: 'The body is larger than 16 KiB.',
  unsupported_media_type: 'The body must be application/json in UTF-8.',
  throttled: 'Request was throttled. Try again later.',
  internal_error: 'A server error occurred.',
  unavailable: 'Service temporarily unavailable, try again later.',
  misconfigured: 'The service is misconfigured.',
};

/** DRF's own messages, for the paths of its clients. */
export const drfRefusals = {
  method_not_allowed: 'Method "{method}" not allowed.',
  unsupported_media_type: 'Unsupported media type "{media_type}" in request.',
};

/** The names of `{attribute}`: what a password must not resemble. */
export const attributeNames = { username: 'username', name: 'name', email: 'email address' };

/** `{min}`, `{max}` and `{attribute}` are filled in from the `params` of a fault. */
export const fieldFaults: Record<FieldFaultName, string> = {
  required: 'This field is required.',
  null: 'This field may not be null.',
  blank: 'This field may not be blank.',
  not_a_string: 'Not a valid string.',
  not_an_object: 'Invalid data. Expected a dictionary.',
  not_a_boolean: 'Must be a valid boolean.',
  email: 'Enter a valid email address.',
  username: 'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.',
  username_address: 'A username with @ must be your own e-mail address.',
  characters: 'Control characters and lone surrogates are not allowed.',
  identity: 'An e-mail address is needed.',
  inactive: 'This user is inactive and cannot log in. Activate the user first.',
  unverified:
    'This address is not verified, so anybody could have signed up with it. Confirm that you know whose account it is.',
  max_length: 'Ensure this field has no more than {max} characters.',
  invalid: 'Invalid value.',
  token_not_valid: 'Token is invalid or expired',
  passkey_not_valid: 'This passkey could not be verified. Try again.',
  passkey_taken: 'This passkey is already registered.',
  too_many_passkeys: 'You have {max} passkeys. Remove one first.',
  password_incorrect: 'Your password was entered incorrectly. Please enter it again.',
  password_too_short: 'This password is too short. It must contain at least {min} characters.',
  password_too_long: 'This password is too long. It must contain no more than {max} characters.',
  password_too_common: 'This password is too common.',
  password_entirely_numeric: 'This password is entirely numeric.',
  password_too_similar: 'The password is too similar to the {attribute}.',
  password_breached: 'This password has appeared in a data breach.',
};
