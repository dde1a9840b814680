"""Encryption of what the store must not reveal: users' passwords.

Login by digest needs the password itself, so it is kept encrypted, under a key that is a file
outside the store.
"""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from imps.store.errors import StoreError


class WrongKey(StoreError):
    """What was to be decrypted was encrypted under another key."""


@frozen(repr=False)
class Secrets:
    """Encrypts under the first of its keys, and decrypts what any of them encrypted."""

    _keys: MultiFernet

    @classmethod
    def of(cls, *keys: bytes) -> Secrets:
        """Encryption under these keys, the newest first; ValueError when one is no key."""
        return cls(MultiFernet([Fernet(key) for key in keys]))

    @classmethod
    def from_file(cls, path: Path) -> Secrets:
        """Encryption under the keys of a file, one a line; StoreError when it is unusable."""
        try:
            mode, content = path.stat().st_mode, path.read_bytes()
        except OSError as error:
            raise StoreError(f"cannot read the key file {path}: {error.strerror}") from None
        if mode & 0o077:
            raise StoreError(f"others may read the key file {path}: do chmod 600 {path}")
        try:
            return cls.of(*content.split())
        except ValueError:
            raise StoreError(f"there is no key in the key file {path}") from None

    def encrypt(self, text: str) -> bytes:
        """The text, readable only with the key."""
        return self._keys.encrypt(text.encode())

    def decrypt(self, encrypted: bytes) -> str:
        """The text that was encrypted; WrongKey when that was under another key."""
        try:
            return self._keys.decrypt(encrypted).decode()
        except InvalidToken:
            raise WrongKey("encrypted under another key") from None


def make_key_file(path: Path) -> None:
    """Write a new key to a file of mode 0600, unless there is one already."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(Fernet.generate_key() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            # A link appears whole or not at all, and never replaces another's.
            os.link(draft, path)
        finally:
            os.unlink(draft)
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreError(f"cannot write the key file {path}: {error.strerror}") from None
