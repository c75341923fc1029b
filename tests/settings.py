"""The product's settings as tests run them: quick hashes, no fsync, a throw-away key."""

import os

os.environ["DEBUG"] = "true"
os.environ["SECRET_KEY"] = "only-for-tests-" * 4
os.environ["PHOTO_KEYS"] = "tests:" + "T" * 43 + "="
os.environ["NOTE_KEY"] = "only-for-notes-of-tests-" * 3
for name in (
    "DEMO",
    "PHOTO_ROOT",
    "DOCUMENT_ROOT",
    "CLINIC_NAME",
    "CLINIC_PHONE",
    "TIME_ZONE",
    "MANAGERS_SEE_PHOTOS",
    "REFLECTION_HOURS",
    "CONSENT_MONTHS",
):
    os.environ.pop(name, None)

from clinic.settings import *  # noqa: E402, F403
from clinic.settings import DATABASES, VAR_DIR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because the browser tests' server runs in threads that each open it.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
