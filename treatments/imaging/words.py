"""Sentences, translated in the server and left as they are in the child process.

The child has no settings and nobody reads what it says; loading Django there would take a third of
the processor time that a photograph costs.
"""

from __future__ import annotations


def translated(sentence: str) -> str:
    """Return the sentence in the language of whoever asked."""
    from django.conf import settings
    from django.utils.translation import gettext

    return gettext(sentence) if settings.configured else sentence
