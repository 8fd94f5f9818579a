"""
Sends the requests of requests.json to the released libraries and writes their responses to answers.json.

Needs Django, djangorestframework, djangorestframework-simplejwt, djoser, dj-rest-auth and django-allauth on the path:
README.md has the versions. `python3 record.py`
"""

import json
import re
import uuid
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings
from django.urls import include, path

HERE = Path(__file__).parent
SHARED = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]

settings.configure(
    SECRET_KEY="only here: no key of any site, 32 bytes or more",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    SITE_ID=1,
    AUTH_USER_MODEL="people.User",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        *SHARED,
        "django.contrib.sites",
        "people",
        "rest_framework",
        "rest_framework_simplejwt.token_blacklist",
        "djoser",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "dj_rest_auth",
        "dj_rest_auth.registration",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    MIGRATION_MODULES={"people": None},
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    AUTHENTICATION_BACKENDS=[
        "django.contrib.auth.backends.ModelBackend",
        "allauth.account.auth_backends.AuthenticationBackend",
    ],
    # What `startproject` writes.
    AUTH_PASSWORD_VALIDATORS=[
        {"NAME": "django.contrib.auth.password_validation." + name}
        for name in (
            "UserAttributeSimilarityValidator",
            "MinimumLengthValidator",
            "CommonPasswordValidator",
            "NumericPasswordValidator",
        )
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ACCOUNT_LOGIN_METHODS={"username", "email"},
    ACCOUNT_SIGNUP_FIELDS=["email*", "username*", "password1*", "password2*"],
    ACCOUNT_EMAIL_VERIFICATION="optional",
    ACCOUNT_RATE_LIMITS=False,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
    SIMPLE_JWT={"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True},
    DJOSER={
        "SEND_ACTIVATION_EMAIL": True,
        "ACTIVATION_URL": "activate/{uid}/{token}",
        "PASSWORD_RESET_CONFIRM_URL": "reset/{uid}/{token}",
        "TOKEN_MODEL": None,
    },
    REST_AUTH={
        "USE_JWT": True,
        "JWT_AUTH_HTTPONLY": False,
        "OLD_PASSWORD_FIELD_ENABLED": True,
        "SESSION_LOGIN": False,
        "TOKEN_MODEL": None,
    },
)


django.setup()

from allauth.account.models import EmailAddress, EmailConfirmationHMAC  # noqa: E402
from allauth.account.forms import default_token_generator as allauth_tokens  # noqa: E402
from allauth.account.utils import user_pk_to_url_str  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.tokens import default_token_generator  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from djoser.utils import encode_uid  # noqa: E402
from rest_framework_simplejwt.tokens import RefreshToken  # noqa: E402
from rest_framework_simplejwt.views import (  # noqa: E402
    TokenBlacklistView,
    TokenObtainPairView,
    TokenRefreshView,
    TokenVerifyView,
)

urlpatterns = [
    path("api/token/", TokenObtainPairView.as_view()),
    path("api/token/refresh/", TokenRefreshView.as_view()),
    path("api/token/verify/", TokenVerifyView.as_view()),
    path("api/token/blacklist/", TokenBlacklistView.as_view()),
    path("auth/", include("djoser.urls")),
    path("auth/", include("djoser.urls.jwt")),
    path("dj-rest-auth/registration/", include("dj_rest_auth.registration.urls")),
    path("dj-rest-auth/", include("dj_rest_auth.urls")),
    # dj-rest-auth builds the links in its e-mails from this name.
    path("reset/<uidb64>/<token>/", TokenVerifyView.as_view(), name="password_reset_confirm"),
]

User = get_user_model()


def random_name(prefix):
    letters = "".join(c for c in uuid.uuid4().hex if c.isalpha())
    return f"{prefix}{letters}{letters}"[:16]


def world(password):
    """The users of one request, and the values that it can name."""
    names = {}

    def person(prefix, **fields):
        username = random_name(prefix)
        email = f"{username}@example.com"
        user = User.objects.create_user(username=username, email=email, password=password, **fields)
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=prefix != "pending")
        names.update({f"{prefix}_username": username, f"{prefix}_email": email})
        return user

    user, other = person("user"), person("other")
    # djoser marks a user with an unconfirmed address as inactive, allauth marks the address.
    pending, inactive = person("pending"), person("inactive", is_active=False)
    new = random_name("new")
    refresh = RefreshToken.for_user(user)
    ended = RefreshToken.for_user(user)
    ended.blacklist()
    old = RefreshToken.for_user(user)
    old.set_exp(lifetime=-timedelta(hours=1))
    old_access = refresh.access_token
    old_access.set_exp(lifetime=-timedelta(hours=1))
    return user, pending, inactive, {
        **names,
        "new_username": new,
        "new_email": f"{new}@example.com",
        "password": password,
        "access": str(refresh.access_token),
        "refresh": str(refresh),
        "ended_refresh": str(ended),
        "expired_refresh": str(old),
        "expired_access": str(old_access),
        "nobody_uid": encode_uid(str(uuid.uuid4())),
    }


def links(names, user, pending, inactive, library):
    """Links, made last because they contain the time of the last log-in."""
    if library == "djoser":
        names.update(
            reset_uid=encode_uid(user.pk),
            reset_token=default_token_generator.make_token(user),
            verify_uid=encode_uid(inactive.pk),
            verify_token=default_token_generator.make_token(inactive),
        )
        names["pending_email"] = names["inactive_email"]
    elif library == "dj-rest-auth":
        names.update(
            reset_uid=user_pk_to_url_str(user),
            reset_token=allauth_tokens.make_token(user),
            nobody_uid=uuid.uuid4().hex,
            verify_key=EmailConfirmationHMAC(EmailAddress.objects.get(user=pending)).key,
        )


def fill(value, names):
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda match: names[match[1]], value)
    if isinstance(value, dict):
        return {key: fill(one, names) for key, one in value.items()}
    return [fill(one, names) for one in value] if isinstance(value, list) else value


def blur(value, names):
    """Replaces values that vary by their kind, and known values by their names."""
    if isinstance(value, dict):
        return {key: blur(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [blur(one, names) for one in value]
    if not isinstance(value, str):
        return value
    for name, known in names.items():
        if value == known and name.split("_")[-1] in ("username", "email"):
            return "{" + name + "}"
    if re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", value):
        return "{jwt}"
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return "{uuid}"
    return "{time}" if re.match(r"\d{4}-\d\d-\d\dT", value) else value


def send(request, names):
    body = fill(request.get("body"), names)
    kind = request.get("type", "application/json")
    headers = {"HTTP_AUTHORIZATION": "Bearer " + fill(request["token"], names)} if "token" in request else {}
    if body is None:
        data = b""
    elif kind == "application/x-www-form-urlencoded":
        from urllib.parse import urlencode

        data = urlencode(body)
    else:
        data = body if isinstance(body, str) else json.dumps(body)
    answer = Client(raise_request_exception=False).generic(
        request["method"], fill(request["path"], names), data, content_type=kind, **headers
    )
    text = answer.content.decode()
    is_json = "json" in answer.get("Content-Type", "")
    return answer.status_code, json.loads(text) if is_json and text else text or None


def record(library, request):
    user, pending, inactive, names = world("correct horse battery")
    links(names, user, pending, inactive, library)
    for before in request.get("before", []):
        send({**request, **before}, names)
    status, body = send(request, names)
    return {"status": status, "body": blur(body, names)}


call_command("migrate", run_syncdb=True, verbosity=0)
requests = json.loads((HERE / "requests.json").read_text())
answers = {
    library: {title: record(library, request) for title, request in cases.items()}
    for library, cases in requests.items()
}
(HERE / "answers.json").write_text(json.dumps(answers, indent=2, ensure_ascii=False) + "\n")
