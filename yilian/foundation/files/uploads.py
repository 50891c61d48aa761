"""Files on their way in from a browser: sealed before they touch the disk.

Django would put a large upload into the machine's common temporary folder as it
is. Here it goes sealed, under a key that only this request knows, into a file
without a name: nothing is left when the process dies.
"""

import io
import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO, Final, TypeVar, cast
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpResponseBase

from yilian.foundation.files.places import incoming
from yilian.foundation.files.sealing import PIECE, SealedReader, SealedWriter, new_key
from yilian.kernel.ids import new_id

TAKES_FILES: Final = "takes_files"
V = TypeVar("V", bound=Callable[..., HttpResponseBase])


def takes_files(view: V) -> V:
    """This address may be sent more than a form's usual size, by whoever is signed
    in; all others stay within it."""
    setattr(view, TAKES_FILES, True)
    return view


class SealedUploadHandler(FileUploadHandler):
    """Named in the settings for every form with files."""

    chunk_size = PIECE

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._about: UUID = new_id()
        self._key = new_key()
        self._raw = cast(BinaryIO, tempfile.TemporaryFile(dir=incoming()))  # noqa: SIM115
        self._writer = SealedWriter(self._raw, self._key, self._about)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._writer.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        self._writer.close()
        plain = SealedReader(self._raw, self._key, self._about, file_size)
        return UploadedFile(
            file=io.BufferedReader(plain, PIECE),
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        raw = getattr(self, "_raw", None)
        if raw is not None:
            raw.close()
