"""Courseline's settings, read from the environment from top to bottom.

Each variable stands in `.env.example` with its meaning; a bad value is refused by its name.
"""

from __future__ import annotations

import base64
import secrets
import sys
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from clinic.vault import parse_keys

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
env.smart_cast = False
if (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"))

# Mode -----------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
if DEMO and not DEBUG:
    raise ImproperlyConfigured(
        "DEMO is on while DEBUG is off: demo accounts have a public password. "
        "Unset DEMO, or set DEBUG=true on a machine that holds no real patient."
    )


def local_secret(path: Path) -> str:
    """Return the key kept in `path`, made once and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def local_key(path: Path) -> str:
    """Return the 256-bit key kept in `path` as base64, made once and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(base64.b64encode(secrets.token_bytes(32)).decode(), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("SECRET_KEY is not set. Give at least 50 random characters.")
    SECRET_KEY = local_secret(VAR_DIR / "secret_key")
if not DEBUG and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is too short. Give at least 50 random characters.")

# It chains what was signed, so it outlives every SECRET_KEY.
NOTE_KEY = env.str("NOTE_KEY", default="")
if not NOTE_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("NOTE_KEY is not set. Give at least 50 random characters.")
    NOTE_KEY = local_secret(VAR_DIR / "note_key")
if not DEBUG and len(NOTE_KEY) < 50:
    raise ImproperlyConfigured("NOTE_KEY is too short. Give at least 50 random characters.")
if NOTE_KEY == SECRET_KEY:
    raise ImproperlyConfigured("NOTE_KEY must not be SECRET_KEY: that one may be changed.")

# Seals the photographs: names and keys, the newest first. What each was sealed with must stay here
# until `manage.py rotate_photo_keys` has run.
PHOTO_KEYS = env.str("PHOTO_KEYS", default="")
if not PHOTO_KEYS:
    if not DEBUG:
        raise ImproperlyConfigured(
            "PHOTO_KEYS is not set. Give a name and a key: first:$(openssl rand -base64 32)"
        )
    PHOTO_KEYS = f"local:{local_key(VAR_DIR / 'photo_key')}"
try:
    PHOTO_KEYS = parse_keys(PHOTO_KEYS)
except ValueError as error:
    raise ImproperlyConfigured(f"PHOTO_KEYS: {error}") from None

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"] if DEBUG else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set. Give the host names, comma-separated.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# The clinic -----------------------------------------------------------------------------------

CLINIC_NAME = env.str("CLINIC_NAME", default="Linden Clinic" if DEMO else "Courseline")
# Where patients call when something worries them; printed on what they take home.
CLINIC_PHONE = env.str("CLINIC_PHONE", default="020 7946 0123" if DEMO else "")
PHONENUMBER_DEFAULT_REGION = env.str("PHONE_REGION", default="GB")
MANAGERS_SEE_PHOTOS = env.bool("MANAGERS_SEE_PHOTOS", default=False)


def whole_number(name: str, text: str, low: int, high: int) -> int:
    """Read a whole number within its range. Raises ImproperlyConfigured by its name."""
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}.")
    return int(text)


REFLECTION_HOURS = whole_number(
    "REFLECTION_HOURS", env.str("REFLECTION_HOURS", default="48"), 0, 720
)
CONSENT_MONTHS = whole_number("CONSENT_MONTHS", env.str("CONSENT_MONTHS", default="12"), 1, 60)

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["clinic.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Europe/London")
try:
    ZoneInfo(TIME_ZONE)
except (ZoneInfoNotFoundError, ValueError) as error:
    raise ImproperlyConfigured(f"TIME_ZONE {TIME_ZONE!r} is not a known time zone.") from error

# Applications ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "clinic",
    "patients",
    "treatments",
    "appointments",
    "desk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "phonenumber_field",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.middleware.request_context",
    "clinic.middleware.no_store",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.middleware.fragment_redirects",
    "clinic.middleware.handed_over",
    "clinic.middleware.SignInRequired",
    "clinic.middleware.PolicyRequired",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "clinic.context.clinic",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "clinic.templatetags.components",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Data -----------------------------------------------------------------------------------------

DATABASES = {
    "default": env.db_url(
        "DATABASE_URL",
        default=f"sqlite:///{VAR_DIR / ('demo.sqlite3' if DEMO else 'courseline.sqlite3')}",
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    import sqlite3

    # WAL loses commits or corrupts on SQLite before 3.51.3; DELETE with EXTRA loses none.
    journal = "WAL" if sqlite3.sqlite_version_info >= (3, 51, 3) else "DELETE"
    synchronous = "FULL" if journal == "WAL" else "EXTRA"
    DATABASES["default"]["OPTIONS"] = {
        # The deferred default answers "database is locked" at once, whatever the timeout.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            f"PRAGMA journal_mode={journal}; PRAGMA synchronous={synchronous};"
            "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
            # Without it REPLACE removes rows past the append-only triggers.
            "PRAGMA recursive_triggers=ON;"
        ),
    }
    VAR_DIR.mkdir(exist_ok=True)
else:
    DATABASES["default"].update({"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Counted sign-in attempts live in the cache, so it must be one for all processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",
    }
}

PHOTO_ROOT = Path(
    env.str("PHOTO_ROOT", default=str(VAR_DIR / ("demo-photos" if DEMO else "photos")))
)
DOCUMENT_ROOT = Path(
    env.str("DOCUMENT_ROOT", default=str(VAR_DIR / ("demo-documents" if DEMO else "documents")))
)
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
PRIVATE = {
    # No base_url: what is private has no address but the authorised view.
    "base_url": None,
    "file_permissions_mode": 0o600,
    "directory_permissions_mode": 0o700,
}
# Below this much free space no photograph is taken, so that the database can still write.
PHOTO_RESERVE_MB = env.int("PHOTO_RESERVE_MB", default=500)
STORAGES = {
    "photos": {
        "BACKEND": "clinic.storages.DurableFileSystemStorage",
        "OPTIONS": {"location": str(PHOTO_ROOT), **PRIVATE},
    },
    "documents": {
        "BACKEND": "clinic.storages.DurableFileSystemStorage",
        "OPTIONS": {"location": str(DOCUMENT_ROOT), **PRIVATE},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# The same photographs, sealed all the same, in an S3-compatible bucket. Never a public address:
# they are fetched by this process and sent by the authorised view.
PHOTO_BUCKET = env.str("PHOTO_BUCKET", default="")
if PHOTO_BUCKET:
    if find_spec("storages") is None:
        raise ImproperlyConfigured(
            "PHOTO_BUCKET is set. Install what it needs: pip install -r requirements-s3.txt"
        )
    STORAGES["photos"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": PHOTO_BUCKET,
            "endpoint_url": env.str("PHOTO_BUCKET_ENDPOINT", default="") or None,
            "region_name": env.str("PHOTO_BUCKET_REGION", default="") or None,
            "access_key": env.str("PHOTO_BUCKET_KEY_ID", default="") or None,
            "secret_key": env.str("PHOTO_BUCKET_SECRET", default="") or None,
            "default_acl": None,  # the bucket's own: private
            "file_overwrite": True,  # names are random and written once: no question before
        },
    }
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

FILE_UPLOAD_HANDLERS = ["clinic.uploads.CappedUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FILES = 24
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# People and sessions --------------------------------------------------------------------------

AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:today"
ACCOUNT_ADAPTER = "clinic.accounts.ClosedAdapter"
ACCOUNT_FORMS = {"login": "clinic.accounts.SignInForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True

CSRF_FAILURE_VIEW = "clinic.views.csrf_failed"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 60 * 60  # one shift
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
if not DEBUG:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

# What leaves with every reply -----------------------------------------------------------------

SECURE_SSL_REDIRECT = not DEBUG
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str] | str] = {
    "camera": "self",
    "geolocation": [],
    "microphone": [],
}

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="courseline@localhost")

# Errors go to standard error; the format carries no patient and no address with a query.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    # It would log the letters of each PDF that is written.
    "loggers": {"fontTools": {"level": "WARNING"}},
}
