"""A rule's "no", in words for the person at the screen."""

from __future__ import annotations


class Refused(Exception):
    """An action declined to write. The message is one sentence that says why and what to do.

    `field` names the form field the sentence belongs beside; None puts it above the form.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Stale(Refused):
    """Somebody saved the record after this page was opened.

    `version` is the number to save over it knowingly.
    """

    def __init__(self, message: str, *, version: int) -> None:
        super().__init__(message)
        self.version = version
