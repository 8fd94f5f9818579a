/** The bodies of error responses. */
import * as z from 'zod/mini';
import { LIBRARY_FAULT_CODES } from '../../src/compat/faults.ts';
import {
  FIELD_FAULTS,
  type FieldFaultName,
  faultCode,
  REFUSALS,
  type RefusalName,
  refusalCode,
} from '../../src/errors.ts';
import { named, uuid } from './names.ts';

const unique = (codes: string[]) => [...new Set(codes)] as [string, ...string[]];
const CODES = unique((Object.keys(REFUSALS) as RefusalName[]).map(refusalCode));
const FIELD_CODES = unique([
  ...(Object.keys(FIELD_FAULTS) as FieldFaultName[]).map(faultCode),
  ...Object.values(LIBRARY_FAULT_CODES),
]);

const fieldError = named('FieldError', z.object({ message: z.string(), code: z.enum(FIELD_CODES) }), {
  about: { message: 'A message for people.', code: 'For programs; never translated.' },
});
const tokenMessage = named(
  'TokenMessage',
  z.object({
    token_class: z.enum(['AccessToken', 'RefreshToken']),
    token_type: z.enum(['access', 'refresh']),
    message: z.string(),
  }),
);
const problemShape = {
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(CODES),
  reason: z.optional(z.literal('expired')),
  mfa_token: z.optional(z.string()),
  methods: z.optional(z.array(z.enum(['totp', 'recovery_code', 'passkey']))),
  messages: z.optional(z.array(tokenMessage)),
  errors: z.optional(z.record(z.string(), z.array(fieldError))),
  problems: z.optional(z.array(z.string())),
  request_id: z.optional(uuid),
};
const PROBLEM_ABOUT = {
  title: 'The name of the status (RFC 9110).',
  status: 'The HTTP status.',
  detail: 'A message for people, in the language of Accept-Language.',
  code: 'For programs; never translated.',
  errors: 'For `invalid`: errors by field. Errors of the whole body are under `non_field_errors`.',
  reason: 'For `token_not_valid`: the token has expired, so a refresh gets a new one.',
  mfa_token: 'For `mfa_required`: to send to `POST /account/login/second-factor`.',
  methods: 'For `mfa_required`: the second factors that are accepted.',
  messages: 'As in simplejwt: what is wrong with the token.',
  problems: 'For `misconfigured`, in development only: the invalid settings, and what is wrong with them.',
  request_id: 'For status 500: identifies the request in the log.',
};
export const problem = named('Problem', z.object(problemShape), {
  description: 'RFC 9457, with the `detail` and `code` of Django REST Framework.',
  about: PROBLEM_ABOUT,
});
const sentences = z.optional(z.array(z.string()));
export const flatProblem = named(
  'FlatProblem',
  z.object({
    ...problemShape,
    username: sentences,
    email: sentences,
    password: sentences,
    refresh: sentences,
    token: sentences,
    non_field_errors: sentences,
    // For djoser and dj-rest-auth.
    claim: sentences,
    current_password: sentences,
    first_name: sentences,
    key: sentences,
    last_name: sentences,
    new_password: sentences,
    new_password1: sentences,
    new_password2: sentences,
    old_password: sentences,
    password1: sentences,
    password2: sentences,
    re_new_password: sentences,
    re_password: sentences,
    uid: sentences,
  }),
  {
    description: 'Like Problem, with the messages of each field at the top level too, as in DRF.',
    about: PROBLEM_ABOUT,
  },
);
