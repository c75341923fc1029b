"""Files that say nothing without the clinic's key: sealed one by one, each with a key of its own.

A sealed file is a random 96-bit nonce, the AES-256-GCM ciphertext and its 128-bit tag: 28 bytes
more than what was sealed. Its data key stands beside the row that names the file, wrapped by a
key-encryption key of the clinic (`PHOTO_KEYS`), so that a new clinic key means new wrappings and no
new files. Both are bound to a context, such as "photo 7c9e… patient 12 view": what was swapped with
another file, or moved to another row, does not open.

Source: NIST SP 800-38D (GCM), section 8.2.2 for random nonces.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
OVERHEAD = NONCE_BYTES + TAG_BYTES


class Damaged(Exception):
    """What was to be opened is not what was sealed: changed, cut off, or another file's."""


class KeyMissing(Exception):
    """A data key was wrapped by a clinic key that is not among `PHOTO_KEYS`."""


def new_key() -> bytes:
    """Return 256 random bits."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def seal(content: bytes, key: bytes, context: str) -> bytes:
    """Encrypt `content` with a 32-byte key; `context` is authenticated and not stored."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, context.encode())


def unseal(sealed: bytes, key: bytes, context: str) -> bytes:
    """Return what was sealed. Raises Damaged unless all of it is there, under the same context."""
    if len(sealed) < OVERHEAD:
        raise Damaged("The file is cut off.")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except InvalidTag:
        raise Damaged("The file is not what was stored.") from None


def wrap(key: bytes, context: str) -> str:
    """Encrypt a data key with the clinic's newest key: "2026a:" and base64 of 60 bytes."""
    name = current_name()
    clinic_key = _clinic_keys()[name]
    return f"{name}:{base64.b64encode(seal(key, clinic_key, context)).decode()}"


def unwrap(wrapped: str, context: str) -> bytes:
    """Return the data key. Raises KeyMissing or Damaged."""
    name, _colon, sealed = wrapped.partition(":")
    clinic_key = _clinic_keys().get(name)
    if clinic_key is None:
        raise KeyMissing(f"PHOTO_KEYS has no key named {name!r}.")
    try:
        return unseal(base64.b64decode(sealed, validate=True), clinic_key, context)
    except binascii.Error:
        raise Damaged("The wrapped key is not base64.") from None


def is_current(wrapped: str) -> bool:
    """Return whether the newest clinic key wrapped it."""
    return wrapped.partition(":")[0] == current_name()


def current_name() -> str:
    """Return the name of the newest clinic key."""
    return next(iter(_clinic_keys()))


def parse_keys(text: str) -> dict[str, bytes]:
    """Read "2026b:<base64>,2026a:<base64>": names and 32 bytes each, the newest first.

    Raises ValueError with a sentence that names what is wrong, never the key.
    """
    keys: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _colon, encoded = part.partition(":")
        if not name.isalnum() or len(name) > 20:
            raise ValueError("Name each key with up to 20 letters and digits, then a colon.")
        if name in keys:
            raise ValueError(f"Two keys are named {name}.")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"Key {name} is not base64.") from None
        if len(key) != KEY_BYTES:
            raise ValueError(f"Key {name} has {len(key)} bytes; it must have {KEY_BYTES}.")
        keys[name] = key
    if not keys:
        raise ValueError("There is no key. Give a name and a key: first:$(openssl rand -base64 32)")
    return keys


def _clinic_keys() -> dict[str, bytes]:
    keys: dict[str, bytes] = settings.PHOTO_KEYS
    return keys
