"""What this workstation signed and saw: its key, and how far it has followed each case's record.

A case file cannot vouch for itself: whoever can write it can rewrite its digests too. So lines of the
record are sealed with a key that stays on this workstation (HMAC-SHA256), and for every case file the
workstation remembers the end of the record it last saw. A forged seal and a file put back to an older
state show. A seal of another workstation can only be *not checked* here, and is said to be so. (Seals
anyone can check need public keys; that waits for a signing library among the dependencies.)
"""

import hashlib
import hmac
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final

_KEY_BYTES: Final = 32
_KEY_FILE: Final = "seal.key"


class SealState(StrEnum):
    """What can be said of a seal here."""

    NONE = "none"
    OURS = "ours"
    FOREIGN = "foreign"
    BROKEN = "broken"


@dataclass(frozen=True)
class Seen:
    """The end of a record: how many lines, and the digest of the last."""

    lines: int
    check: str


class Notary:
    """The key and the memory of one workstation.

    Parameters
    ----------
    folder : Path
        Private folder of the user; made with mode 0700 where missing. Where nothing can be written,
        nothing is sealed or remembered, and seals made before are *foreign*.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = _key(folder)

    @property
    def key_id(self) -> str:
        """Public name of the key; empty where there is none."""
        return hashlib.sha256(b"enbloc seal" + self._key).hexdigest()[:16] if self._key else ""

    def seal(self, text: str) -> str:
        """Return the seal of a text; empty where there is no key."""
        if not self._key:
            return ""
        return hmac.new(self._key, text.encode("utf-8", "replace"), "sha256").hexdigest()

    def state_of(self, text: str, key_id: str, seal: str) -> SealState:
        """Say what a seal is worth."""
        if not seal and not key_id:
            return SealState.NONE
        if not self._key or key_id != self.key_id:
            return SealState.FOREIGN
        return SealState.OURS if hmac.compare_digest(seal, self.seal(text)) else SealState.BROKEN

    def seen(self, file_id: str) -> Seen | None:
        """Return how far the record of a case file was last seen here; None where it never was."""
        try:
            fields = json.loads(self._place(file_id).read_text(encoding="utf-8"))
            seen = Seen(int(fields["lines"]), str(fields["check"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return seen if fields.get("seal") == self.seal(_words(file_id, seen)) else None

    def remember(self, file_id: str, seen: Seen) -> None:
        """Note how far a record goes now; where nothing can be written, nothing is noted."""
        if not self._key or not file_id:
            return
        place = self._place(file_id)
        part = place.with_suffix(f".{token_hex(4)}.part")
        body = {"lines": seen.lines, "check": seen.check, "seal": self.seal(_words(file_id, seen))}
        with suppress(OSError):
            part.write_text(json.dumps(body), encoding="utf-8")
            part.replace(place)

    def _place(self, file_id: str) -> Path:
        return self._folder / f"{hashlib.sha256(file_id.encode('utf-8', 'replace')).hexdigest()[:32]}.json"


def _words(file_id: str, seen: Seen) -> str:
    return f"{file_id}\n{seen.lines}\n{seen.check}"


def _key(folder: Path) -> bytes:
    """Return the key, made on the first call; empty where it can be neither read nor made."""
    path = folder / _KEY_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        with suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
        key = path.read_bytes()
    except OSError:
        return b""
    return key if len(key) == _KEY_BYTES else b""
