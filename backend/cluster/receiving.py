"""Files of a session on their way from a node: checked, then put in their place as always."""

import hashlib
import logging
from pathlib import Path
from typing import BinaryIO

from backend import wire
from backend.cluster.messages import FileBegins, Piece
from backend.storage.atomic import partial_of, put_in_place
from backend.storage.layout import Storage
from backend.storage.permissions import FOLDER_MODE

# Of a checkpoint, or of what a model keeps of a table of millions of rows.
MOST_BYTES = 8_000_000_000

log = logging.getLogger(__name__)


class Refused(RuntimeError):
    """A node sent what it must not send; the message says what."""


class Receiving:
    """Writes the files that one start of a session sends.

    Args:
        job: of the session: its checkpoint and its model are all that may come.
        storage: of the server.
    """

    def __init__(self, job: wire.Train, storage: Storage) -> None:
        self._storage = storage
        allowed = [storage.checkpoint(job.session_id, job.start)]
        allowed += storage.model_files(job.model_file)
        self._allowed = {each.relative_to(storage.data_dir).as_posix() for each in allowed}
        self._begun: FileBegins | None = None
        self._partial: Path | None = None
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._received = 0

    def begin(self, begins: FileBegins) -> None:
        """A file begins.

        Raises:
            Refused: it is none of the session's, or another has not ended.
            OSError: for example, the disk is full.
        """
        if self._begun is not None or begins.path not in self._allowed:
            raise Refused(f"expected a file of the session, received {begins.path!r:.200}")
        target = self._storage.data_dir / begins.path
        target.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        if begins.size > MOST_BYTES:
            raise Refused(f"{begins.path}: {begins.size} bytes are more than a session writes")
        self._begun, self._partial = begins, partial_of(target)
        self._file = open(self._partial, "wb")  # noqa: SIM115 - closed by `_finish` or `close`
        self._hash, self._received = hashlib.sha256(), 0
        if begins.size == 0:
            self._finish()

    def add(self, piece: Piece) -> None:
        """The next bytes; with the last ones the file is in its place.

        Raises:
            Refused: there are too many, or they have another hash.
            OSError: for example, the disk is full.
        """
        if self._begun is None or self._file is None:
            raise Refused("received a piece of no file")
        self._file.write(piece.content)
        self._hash.update(piece.content)
        self._received += len(piece.content)
        if self._received >= self._begun.size:
            self._finish()

    def close(self) -> None:
        """Nothing more comes: what is not whole is deleted."""
        for clean_up in (self._close_file, self._delete_partial):
            try:
                clean_up()
            except OSError as error:  # the next start of the server deletes it
                log.warning("a part of a file stays: %s", error)
        self._begun = self._partial = self._file = None

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()

    def _delete_partial(self) -> None:
        if self._partial is not None:
            self._partial.unlink(missing_ok=True)

    def _finish(self) -> None:
        begun, partial, file = self._begun, self._partial, self._file
        assert begun is not None
        assert partial is not None
        assert file is not None
        if (self._received, self._hash.hexdigest()) != (begun.size, begun.sha256):
            raise Refused(
                f"{begun.path}: expected {begun.size} bytes with the hash {begun.sha256}, received "
                f"{self._received} with {self._hash.hexdigest()}"
            )
        file.close()
        put_in_place(partial, self._storage.data_dir / begun.path)
        self._begun = self._partial = self._file = None
