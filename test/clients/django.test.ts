/** A Django with simplejwt that verifies our access tokens, set up as docs/clients.md says. */
import { writeFileSync } from 'node:fs';
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { AUDIENCE, expired, resigned } from './support/keys.ts';
import { BLOCKS, folderOf } from './support/page.ts';
import { python } from './support/python.ts';
import { signUp } from './support/serve.ts';

const SITE = `
from settings import *

SECRET_KEY = "of this site alone"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"]
ROOT_URLCONF = "urls"
if "SIGNING_KEY" in os.environ:
    del SIMPLE_JWT["JWK_URL"]
    SIMPLE_JWT.update(ALGORITHM="HS256", SIGNING_KEY=os.environ["SIGNING_KEY"])
`;
const URLS = `
from django.urls import path
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response
from rest_framework.views import APIView


class Me(APIView):
    def get(self, request):
        user = request.user
        names = ["id", "pk", "is_active", "is_staff", "is_superuser", "username", "email_verified", "sid"]
        # Debian's simplejwt has an object here that counts as true, newer ones have True.
        known = {"is_authenticated": bool(user.is_authenticated)}
        return Response({**known, **{name: getattr(user, name) for name in names}})


class Staff(APIView):
    permission_classes = [IsAdminUser]

    def get(self, request):
        return Response({})


urlpatterns = [path("me/", Me.as_view()), path("staff/", Staff.as_view())]
`;
/** From [path, token] by name to [status, body] by name. */
const REQUESTS = `
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
import django
django.setup()
from django.test import Client
answers = {}
for name, (path, token) in json.load(sys.stdin).items():
    answer = Client().get(path, HTTP_AUTHORIZATION="Bearer " + token)
    answers[name] = [answer.status_code, answer.json()]
json.dump(answers, sys.stdout)
`;

type Answers = Record<string, [status: number, body: Record<string, unknown>]>;

describe.each(['keyPair', 'secret'] as const)('Django with the %s of the service', (kind) => {
  const { origin, keys } = inject(kind);
  let access: string;
  let answers: Answers;

  beforeAll(async () => {
    const folder = folderOf(
      `django-${kind}`,
      [...BLOCKS.keys()].filter((name) => name === 'settings.py'),
    );
    writeFileSync(`${folder}site_settings.py`, SITE);
    writeFileSync(`${folder}urls.py`, URLS);
    const pair = await signUp(origin);
    access = pair.access;
    const requests = {
      me: ['/me/', access],
      staff: ['/staff/', await resigned(access, { is_staff: true }, keys)],
      'not staff': ['/staff/', access],
      expired: ['/me/', await expired(access, keys)],
      'of another audience': ['/me/', await resigned(access, { aud: 'https://other.example.com' }, keys)],
      refresh: ['/me/', pair.refresh],
      'refresh for this audience': ['/me/', await resigned(pair.refresh, { aud: AUDIENCE }, keys)],
    };
    answers = await python<Answers>(REQUESTS, folder, requests, {
      ACCOUNTS_URL: origin,
      ISSUER: origin,
      AUDIENCE,
      ...(kind === 'secret' && { SIGNING_KEY: keys.signingKey }),
    });
  });

  it('has the user’s fields that docs/clients.md lists', () => {
    const { sub, sid } = decodeJwt(access);
    expect(answers.me).toEqual([
      200,
      {
        id: sub,
        pk: sub,
        is_active: true,
        is_authenticated: true,
        is_staff: false,
        is_superuser: false,
        username: '',
        email_verified: false,
        sid,
      },
    ]);
  });

  it('lets only staff pass IsAdminUser', () => {
    expect([answers.staff?.[0], answers['not staff']?.[0]]).toEqual([200, 403]);
  });

  it.each(['expired', 'of another audience', 'refresh', 'refresh for this audience'])(
    'refuses a token: %s',
    (name) => {
      expect(answers[name]).toMatchObject([401, { code: 'token_not_valid' }]);
    },
  );
});
