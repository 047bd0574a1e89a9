"""Where the files of pictures lie, and how they come to lie there: whole or not at all."""

import contextlib
import fcntl
import os
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage, storages

#: Renditions, in the storage that readers reach.
FOLDER = "pictures"
#: Masters, in the storage that they don't.
MASTERS = "masters"
#: Beside them: files that are being written, and locks.
_WORK = "making"

#: How many pictures a machine makes renditions of at once, for readers who asked first.
_SLOTS = 4
_slots = tuple(threading.Lock() for _slot in range(_SLOTS))


def originals() -> Storage:
    return storages["originals"]


def read(name: str) -> IO[bytes] | None:
    """The rendition of that name, open; None if it isn't there."""
    try:
        return default_storage.open(f"{FOLDER}/{name}")
    except (OSError, ValueError):
        return None


def exists(name: str) -> bool:
    return default_storage.exists(f"{FOLDER}/{name}")


def write(name: str, content: bytes) -> None:
    """Store a rendition, unless one of that name is there by now; raises OSError."""
    _write(default_storage, f"{FOLDER}/{name}", content)


def read_master(stem: str) -> bytes:
    """Raises OSError if there is none."""
    with originals().open(f"{MASTERS}/{stem}.jpg") as file:
        content: bytes = file.read()
        return content


def write_master(stem: str, content: bytes) -> None:
    _write(originals(), f"{MASTERS}/{stem}.jpg", content)


def delete(stem: str, names: list[str]) -> None:
    """Remove a master and renditions, as many of them as there are."""
    originals().delete(f"{MASTERS}/{stem}.jpg")
    for name in names:
        default_storage.delete(f"{FOLDER}/{name}")


@contextlib.contextmanager
def one_at_a_time(stem: str) -> Iterator[None]:
    """Wait until nobody else on this machine makes renditions of that picture.

    Where files don't lie on this machine, only threads of this process wait for each other: two
    processes may then make the same file, of which one is kept.
    """
    slot = zlib.crc32(stem.encode()) % _SLOTS
    with _slots[slot], contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            folder = _work_folder(default_storage)
            if folder is not None:
                lock = stack.enter_context((folder / f"lock-{slot}").open("w"))
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Finished(File):
    """A file on disk that storages of files take over by renaming it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def _write(storage: Storage, name: str, content: bytes) -> None:
    folder = _work_folder(storage)
    if folder is None:
        kept = storage.save(name, ContentFile(content))
    else:
        # A server may hand out a file as soon as it is there, so it must be there all at once.
        descriptor, path = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), 0o644)
            with open(path, "rb") as finished:
                kept = storage.save(name, _Finished(finished, name=path))
        finally:
            Path(path).unlink(missing_ok=True)
    if kept != name:
        # Somebody else made it in the meantime, and storages never write over a file.
        storage.delete(kept)


def _work_folder(storage: Storage) -> Path | None:
    """A folder on the same disk as the files; None where they don't lie on a disk."""
    try:
        folder = Path(storage.path(_WORK))
    except NotImplementedError:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return folder
