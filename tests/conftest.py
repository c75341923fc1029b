"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from clinic import triggers
from clinic.roles import Role
from clinic.triggers import CHAIN_HEAD
from patients.triggers import FINAL as DECIDED
from tests import make
from treatments import imaging
from treatments.triggers import APPEND_ONLY as ADDED
from treatments.triggers import FINAL as SIGNED

APPEND_ONLY = (
    "clinic_auditevent",
    "clinic_signednote",
    "patients_confirmation",
    "patients_consenttext",
    "patients_consentrecord",
    "patients_consentevent",
    *ADDED,
    "treatments_coursemove",
)
FINAL = (*CHAIN_HEAD, *DECIDED, *SIGNED)


@pytest.fixture(autouse=True)
def private_photos(settings: Any, tmp_path: Path) -> Path:
    """Keep each test's photographs and documents in folders of its own."""
    folder = tmp_path / "photos"
    changed = {**django_settings.STORAGES}
    for name, root in (("photos", folder), ("documents", tmp_path / "documents")):
        options = {**changed[name]["OPTIONS"], "location": str(root)}
        changed[name] = {**changed[name], "OPTIONS": options}
    settings.STORAGES = changed
    settings.PHOTO_ROOT = folder
    settings.DOCUMENT_ROOT = tmp_path / "documents"
    return folder


@pytest.fixture(autouse=True)
def _heic_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the product comes, whatever is installed here."""
    monkeypatch.setattr(imaging, "is_heic_on", lambda: False)


@pytest.fixture(autouse=True)
def flushable(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the flush after a test with real transactions empty the append-only tables."""
    marker = request.node.get_closest_marker("django_db")
    transactional = marker is not None and (
        marker.kwargs.get("transaction") or bool(marker.args and marker.args[0])
    )
    if not (transactional or {"transactional_db", "live_server"} & set(request.fixturenames)):
        yield
        return
    request.getfixturevalue("transactional_db")
    for table in APPEND_ONLY:
        triggers.install(connection, table)
    for final in FINAL:
        final.install(connection)
    yield
    for table in APPEND_ONLY:
        triggers.remove(connection, table)
    for final in FINAL:
        final.remove(connection)


@pytest.fixture
def sign_in(db: None) -> Any:
    """Return a function that gives a client signed in as somebody with these roles."""

    def signed_in(*roles: Role) -> Client:
        client = Client()
        client.force_login(make.user(*roles))
        return client

    return signed_in
