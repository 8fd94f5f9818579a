import { describe, expect, it } from 'vitest';
import {
  FIELD_FAULTS,
  type FieldFaultName,
  faultCode,
  invalid,
  invalidField,
  REFUSALS,
  Refusal,
  type RefusalName,
  refusalCode,
} from '../../src/errors.ts';
import { describeFault, describeRefusal } from '../../src/languages/describe.ts';
import { LANGUAGES } from '../../src/languages/index.ts';

describe('every kind of error', () => {
  it.each([
    ...(Object.keys(REFUSALS) as RefusalName[]).map((kind) => [kind, refusalCode(kind)]),
    ...(Object.keys(FIELD_FAULTS) as FieldFaultName[]).map((fault) => [fault, faultCode(fault)]),
  ])('%s has a code', (_, code) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });

  it('no two of one language have the same text, unless they share a code', () => {
    for (const language of LANGUAGES) {
      const codes = new Map<string, Set<string>>();
      const add = (sentence: string, code: string) =>
        codes.set(sentence, (codes.get(sentence) ?? new Set()).add(code));
      for (const kind of Object.keys(REFUSALS) as RefusalName[]) {
        add(describeRefusal(kind, language), refusalCode(kind));
      }
      for (const fault of Object.keys(FIELD_FAULTS) as FieldFaultName[]) {
        const { message, code } = describeFault({ fault }, language);
        add(message, code);
      }
      expect([...codes].filter(([, several]) => several.size > 1)).toEqual([]);
    }
  });
});

describe('a refusal', () => {
  it.each<[RefusalName, number, string, string]>([
    ['not_authenticated', 401, 'not_authenticated', 'Authentication credentials were not provided.'],
    ['no_active_account', 401, 'no_active_account', 'No active account found with the given credentials'],
    ['access_token_not_valid', 401, 'token_not_valid', 'Given token not valid for any token type'],
    [
      'reauthentication_required',
      401,
      'reauthentication_required',
      'Confirm your identity again to do this.',
    ],
    ['email_not_verified', 403, 'email_not_verified', 'Verify your e-mail address first.'],
    ['access_token_expired', 401, 'token_not_valid', 'Token is expired'],
    ['refresh_token_not_valid', 401, 'token_not_valid', 'Token is invalid'],
    ['refresh_token_expired', 401, 'token_not_valid', 'Token is expired'],
    ['token_blacklisted', 401, 'token_not_valid', 'Token is blacklisted'],
    ['user_not_found', 401, 'user_not_found', 'User not found'],
    ['user_inactive', 401, 'user_inactive', 'User is inactive'],
    [
      'bad_authorization_header',
      401,
      'bad_authorization_header',
      'Authorization header must contain two space-delimited values',
    ],
    ['permission_denied', 403, 'permission_denied', 'You do not have permission to perform this action.'],
    [
      'last_staff',
      403,
      'permission_denied',
      'The last active staff member cannot be removed, deactivated or demoted.',
    ],
    ['sign_up_closed', 403, 'sign_up_closed', 'Sign-up is closed.'],
    ['origin_not_allowed', 403, 'origin_not_allowed', 'Requests from this origin are not allowed.'],
    ['parse_error', 400, 'parse_error', 'JSON parse error.'],
    ['invalid', 400, 'invalid', 'Invalid input.'],
    ['not_found', 404, 'not_found', 'Not found.'],
    ['method_not_allowed', 405, 'method_not_allowed', 'Method not allowed.'],
    ['email_taken', 409, 'email_taken', 'An account with this e-mail address already exists.'],
    ['username_taken', 409, 'username_taken', 'A user with that username already exists.'],
    ['payload_too_large', 413, 'payload_too_large', 'The body is larger than 16 KiB.'],
    ['unsupported_media_type', 415, 'unsupported_media_type', 'The body must be application/json in UTF-8.'],
    ['throttled', 429, 'throttled', 'Request was throttled. Try again later.'],
    ['internal_error', 500, 'internal_error', 'A server error occurred.'],
    ['unavailable', 503, 'unavailable', 'Service temporarily unavailable, try again later.'],
    ['misconfigured', 503, 'misconfigured', 'The service is misconfigured.'],
  ])('%s is %i %s', (kind, status, code, detail) => {
    expect(REFUSALS[kind].status).toBe(status);
    expect(describeRefusal(kind, 'en')).toBe(detail);
    expect(refusalCode(kind)).toBe(code);
  });

  it('has its kind, and the reason, faults and headers that it was given', () => {
    const bare = new Refusal('not_found');
    expect(bare).toBeInstanceOf(Error);
    expect(bare).toMatchObject({ name: 'Refusal', kind: 'not_found', headers: {} });
    expect([bare.reason, bare.faults]).toEqual([undefined, undefined]);
    const full = new Refusal('unavailable', { reason: 'd1', headers: { 'Retry-After': '1' } });
    expect(full).toMatchObject({ kind: 'unavailable', reason: 'd1', headers: { 'Retry-After': '1' } });
  });

  it('has its kind as its message and nothing of its reason', () => {
    expect(new Refusal('unavailable', { reason: 'd1', call: 'SELECT secret' }).message).toBe('unavailable');
  });

  it('of input names the faults by field', () => {
    expect(invalid({ email: [{ fault: 'required' }] })).toMatchObject({
      kind: 'invalid',
      faults: { email: [{ fault: 'required' }] },
    });
    expect(invalidField('password', 'password_incorrect').faults).toEqual({
      password: [{ fault: 'password_incorrect' }],
    });
    expect(invalidField('name', 'max_length', { max: 150 }).faults).toEqual({
      name: [{ fault: 'max_length', params: { max: 150 } }],
    });
  });
});

describe('the fault of a field', () => {
  it.each<[FieldFaultName, Record<string, string | number> | undefined, string, string]>([
    ['required', undefined, 'required', 'This field is required.'],
    ['null', undefined, 'null', 'This field may not be null.'],
    ['blank', undefined, 'blank', 'This field may not be blank.'],
    ['not_a_string', undefined, 'invalid', 'Not a valid string.'],
    ['not_a_boolean', undefined, 'invalid', 'Must be a valid boolean.'],
    ['not_an_object', undefined, 'invalid', 'Invalid data. Expected a dictionary.'],
    ['email', undefined, 'invalid', 'Enter a valid email address.'],
    ['max_length', { max: 254 }, 'max_length', 'Ensure this field has no more than 254 characters.'],
    ['token_not_valid', undefined, 'token_not_valid', 'Token is invalid or expired'],
    [
      'password_incorrect',
      undefined,
      'password_incorrect',
      'Your password was entered incorrectly. Please enter it again.',
    ],
    [
      'password_too_short',
      { min: 8 },
      'password_too_short',
      'This password is too short. It must contain at least 8 characters.',
    ],
    [
      'password_too_long',
      { max: 256 },
      'password_too_long',
      'This password is too long. It must contain no more than 256 characters.',
    ],
    ['password_too_common', undefined, 'password_too_common', 'This password is too common.'],
    [
      'password_entirely_numeric',
      undefined,
      'password_entirely_numeric',
      'This password is entirely numeric.',
    ],
    [
      'password_too_similar',
      { attribute: 'email' },
      'password_too_similar',
      'The password is too similar to the email address.',
    ],
    ['password_breached', undefined, 'password_breached', 'This password has appeared in a data breach.'],
  ])('%s with %j', (fault, params, code, message) => {
    expect(describeFault(params ? { fault, params } : { fault }, 'en')).toEqual({ code, message });
    const ko = describeFault(params ? { fault, params } : { fault }, 'ko');
    expect(ko.code).toBe(code);
    expect(ko.message).not.toMatch(/[{}]/);
    for (const value of Object.values(params ?? {})) {
      expect(ko.message).toContain(value === 'email' ? '이메일 주소' : String(value));
    }
  });

  it.each([
    ['username', 'username', '사용자 이름'],
    ['name', 'name', '이름'],
    ['email', 'email address', '이메일 주소'],
  ])('names the attribute %s in the language of the sentence', (attribute, en, ko) => {
    const fault = { fault: 'password_too_similar', params: { attribute } } as const;
    expect(describeFault(fault, 'en').message).toBe(`The password is too similar to the ${en}.`);
    expect(describeFault(fault, 'ko').message).toBe(`비밀번호가 개인 정보(${ko})와 너무 비슷합니다.`);
  });

  it('keeps a placeholder without a value, rather than print undefined', () => {
    expect(describeFault({ fault: 'max_length' }, 'en').message).toContain('{max}');
  });

  it('fills placeholders with text unchanged', () => {
    const params = { attribute: '$& {max} <b>' };
    expect(describeFault({ fault: 'password_too_similar', params }, 'en').message).toBe(
      'The password is too similar to the $& {max} <b>.',
    );
  });
});
