"""What must hold before the product starts, beyond Django's own checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.security)
def check_photos_are_private(**kwargs: Any) -> list[Error]:
    """Refuse a folder of photographs or documents that the static file server could reach."""
    served = [Path(settings.STATIC_ROOT), *map(Path, settings.STATICFILES_DIRS)]
    return [
        Error(f"{name} lies in a folder that is served.", id="clinic.E002")
        for name in ("PHOTO_ROOT", "DOCUMENT_ROOT")
        if any(
            Path(getattr(settings, name)).resolve().is_relative_to(folder.resolve())
            for folder in served
        )
    ]


@register(Tags.security)
def check_demo_is_not_public(**kwargs: Any) -> list[Error]:
    """Refuse demo accounts, whose password is known, outside DEBUG."""
    if settings.DEMO and not settings.DEBUG:
        return [Error("DEMO is on while DEBUG is off.", id="clinic.E003")]
    return []


@register(Tags.security)
def check_one_cache(**kwargs: Any) -> list[Error]:
    """Refuse a cache per process: sign-in attempts would be counted per process."""
    backend = settings.CACHES["default"]["BACKEND"]
    if backend.rpartition(".")[2] in {"LocMemCache", "DummyCache"}:
        return [Error("The cache is not shared, so guesses are not counted.", id="clinic.E004")]
    return []
