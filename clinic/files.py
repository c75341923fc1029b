"""Files that follow the transaction: written before their rows, removed when the rows roll back.

Django offers `on_commit` and no `on_rollback`. The form idiom and the actions that write files run
inside `following_rows`; the outermost one removes what was written when anything goes wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

_written: ContextVar[list[tuple[Storage, str]] | None] = ContextVar("written", default=None)


@contextmanager
def following_rows() -> Iterator[None]:
    """Remove the files written inside when the block fails; nested blocks join the outermost.

    Stand outside `transaction.atomic`, so that a commit that fails counts as well.
    """
    if _written.get() is not None:
        yield
        return
    written: list[tuple[Storage, str]] = []
    token = _written.set(written)
    try:
        yield
    except BaseException:
        for storage, name in written:
            storage.delete(name)
        raise
    finally:
        _written.reset(token)


def write(storage: Storage, name: str, content: bytes) -> None:
    """Write one file under exactly this name, to be removed if its row never comes to be.

    Raises RuntimeError outside `following_rows`.
    """
    written = _written.get()
    if written is None:
        raise RuntimeError("Files are written inside following_rows.")
    written.append((storage, storage.save(name, ContentFile(content))))
