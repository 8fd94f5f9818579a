/** Requests that were sent to djangorestframework-simplejwt, djoser and dj-rest-auth, with their responses: ours are equal. */
import { describe, expect, it } from 'vitest';
import recorded from '../data/compat/answers.json';
import requests from '../data/compat/requests.json';
import { type CompatRequest, sendCompat } from '../support/compat.ts';
import { capturedLog } from '../support/log.ts';
import { world } from '../support/world.ts';

capturedLog();

interface Told {
  status: number;
  body: unknown;
}

const fields = (body: Record<string, string[]>): Told => ({ status: 400, body });
const invalidToken = { status: 401, body: { detail: 'Token is invalid', code: 'token_not_valid' } };
const REQUIRED = ['This field is required.'];
const ME = { email: '{user_email}', id: '{uuid}', username: '{user_username}' };

/** Deliberate differences: the title of the request, and the response of the service. */
const DECIDED: Record<string, Record<string, Told>> = {
  simplejwt: {
    // The service does not tell a token of another type from an invalid one.
    'refresh with an access token': invalidToken,
    'blacklist an access token': invalidToken,
    // 401 as at its other endpoints, not 400.
    'verify an ended token': {
      status: 401,
      body: { detail: 'Token is blacklisted', code: 'token_not_valid' },
    },
    // The library quotes Python's parser and type names.
    'obtain with a list': fields({ non_field_errors: ['Invalid data. Expected a dictionary.'] }),
    'obtain with broken JSON': { status: 400, body: { detail: 'JSON parse error.' } },
  },
  djoser: {
    // Users have an address; a username is optional.
    'sign up with nothing': fields({ email: REQUIRED, password: REQUIRED }),
    // The insert reports the first conflict only.
    'sign up with both taken': fields({ email: ['user with this email already exists.'] }),
    // A new address takes effect once it is confirmed, and the response does not reveal whether it is taken.
    'put a taken address': { status: 200, body: ME },
    'patch a new address': { status: 200, body: ME },
    // The same as behind every guard.
    'read me with an expired token': {
      status: 401,
      body: {
        detail: 'Token is expired',
        code: 'token_not_valid',
        messages: [{ token_class: 'AccessToken', token_type: 'access', message: 'Token is expired' }],
      },
    },
    'read me with a refresh token': {
      status: 401,
      body: {
        detail: 'Given token not valid for any token type',
        code: 'token_not_valid',
        messages: [{ token_class: 'AccessToken', token_type: 'access', message: 'Token is invalid' }],
      },
    },
    // The current password is hashed only for a valid body.
    'set a blank password with a wrong one': fields({ new_password: ['This field may not be blank.'] }),
    // The library says this where ids are numbers; for UUIDs it shows an internal error.
    'reset with a bad uid': fields({ uid: ["Invalid user id or user doesn't exist."] }),
    'activate with a bad uid': fields({ uid: ["Invalid user id or user doesn't exist."] }),
    // The response does not reveal which ids exist.
    'reset with the uid of nobody': fields({ token: ['Invalid token for given user.'] }),
    // The link is checked before the password.
    'reset to a weak password with a bad token': fields({ token: ['Invalid token for given user.'] }),
    'reset to a weak password with a bad uid': fields({ uid: ["Invalid user id or user doesn't exist."] }),
    // Used tokens are deleted, so they look like unknown ones.
    'activate twice': fields({ token: ['Invalid token for given user.'] }),
  },
  'dj-rest-auth': {
    'log out with an access token': { status: 401, body: { detail: 'Token is invalid' } },
    // Passwords that differ are refused before D1 is read.
    'change the password to two with a wrong one': fields({
      new_password2: ['The two password fields didn’t match.'],
    }),
    'reset to two passwords with a bad token': fields({
      new_password2: ['The two password fields didn’t match.'],
    }),
    'register with two weak passwords': fields({
      non_field_errors: ["The two password fields didn't match."],
    }),
    'reset with a bad uid': fields({ uid: ['Invalid value'] }),
    'reset with the uid of nobody': fields({ token: ['Invalid value'] }),
    'register with nothing': fields({ email: REQUIRED, password1: REQUIRED, password2: REQUIRED }),
    'register with both taken': fields({ email: ['User is already registered with this e-mail address.'] }),
    // Reported under the field, like every other password error.
    'register with a password like the username': fields({
      password1: ['The password is too similar to the username.'],
    }),
  },
};

/** Members that every error of the service has in addition. */
const OURS = ['type', 'title', 'status', 'detail', 'code', 'reason', 'messages', 'errors'];
/** A response without the members that the library does not have. */
function told({ status, body }: Told, theirs: Told): Told {
  if (status < 400) return { status, body };
  const read = Object.entries(body as object).filter(
    ([name]) => !OURS.includes(name) || Object.hasOwn(theirs.body as object, name),
  );
  return { status, body: Object.fromEntries(read) };
}

const UID = {
  djoser: (subject: string) => btoa(subject).replace(/=+$/, ''),
  'dj-rest-auth': (subject: string) => subject.replaceAll('-', ''),
  simplejwt: (subject: string) => subject,
};

const w = world({ vars: { COMPAT: 'simplejwt,djoser,dj-rest-auth' } });

describe.each(Object.keys(UID) as (keyof typeof UID)[])('%s', (library) => {
  const answers = recorded[library] as Record<string, Told>;
  const decided = DECIDED[library] as Record<string, Told>;

  it.each(Object.entries(requests[library]) as [string, CompatRequest][])('%s', async (title, request) => {
    const theirs = answers[title] as Told;
    const ours = told(await sendCompat(w, request, UID[library]), decided[title] ?? theirs);
    expect(ours).toEqual(decided[title] ?? theirs);
  });

  it('differs where it is said to', () => {
    for (const [title, ours] of Object.entries(decided)) expect(ours, title).not.toEqual(answers[title]);
    expect(Object.keys(decided).filter((title) => !Object.hasOwn(answers, title))).toEqual([]);
  });
});
