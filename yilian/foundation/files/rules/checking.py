"""A file as it comes: taken, or refused in words that say what to do."""

from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

from yilian.foundation.files.rules import pdf, pictures
from yilian.foundation.files.rules.kinds import (
    HEAD,
    KIND_NAMES,
    Kind,
    ending_of,
    fits,
    is_heif,
    kind_of,
)
from yilian.foundation.files.rules.pdf import Problem
from yilian.foundation.files.rules.pictures import Broken, Size
from yilian.kernel.errors import Invalid
from yilian.kernel.text import Text, _

MEGABYTE: Final = 1_000_000
FIELD: Final = "files"

EMPTY: Final = _("文件是空的，请重新选择。")
UNKNOWN: Final = _("只能上传 PDF、JPEG、PNG、WebP；这份文件的内容不是其中任何一种。")
HEIF: Final = _("这是 HEIC 照片，多数电脑打不开。请在手机上存成 JPEG 后再上传。")
MISMATCH: Final = _("文件名以“.{ending}”结尾，内容却是{kind}。请核对后重新导出。")
BROKEN: Final = _("文件不完整或已损坏，打不开。请重新导出或重新拍照。")
TOO_LARGE: Final = _("图片尺寸过大（{width} × {height}）。请缩小后再上传。")
TOO_BIG: Final = _("文件太大：每份最多 {most} MB，这份 {size} MB。请压缩或分开上传。")
PDF_WORDS: Final[Mapping[Problem, str]] = {
    Problem.BROKEN: BROKEN,
    Problem.NO_PAGES: _("这份 PDF 没有页面，请重新导出。"),
    Problem.LOCKED: _("这份 PDF 加了密码，对方打不开。请去掉密码后再上传。"),
    Problem.ACTS: _(
        "这份 PDF 带有程序或内嵌文件，不能接收。请用“打印为 PDF”另存后再上传。"
    ),
}
_PICTURES: Final[Mapping[Kind, Callable[[BinaryIO], Size]]] = {
    Kind.JPEG: pictures.jpeg,
    Kind.PNG: pictures.png,
    Kind.WEBP: pictures.webp,
}


class NotAccepted(Invalid):
    code = "file-not-accepted"

    def __init__(self, template: str, **values: object) -> None:
        said = Text(template, values)
        super().__init__(template, fields={FIELD: said}, **values)


def check(file: BinaryIO, name: str) -> Kind:
    """Its kind. The file is read from its beginning, a piece at a time."""
    file.seek(0)
    head = file.read(HEAD)
    kind = _kind(head)
    if not fits(kind, name):
        raise NotAccepted(
            MISMATCH, ending=ending_of(name)[:10], kind=Text(KIND_NAMES[kind])
        )
    file.seek(0)
    if kind is Kind.PDF:
        _check_pdf(file)
    else:
        _check_picture(file, kind)
    return kind


def check_size(size: int, most_megabytes: int) -> None:
    if size == 0:
        raise NotAccepted(EMPTY)
    if size > most_megabytes * MEGABYTE:
        shown = f"{size / MEGABYTE:.1f}"
        raise NotAccepted(TOO_BIG, most=most_megabytes, size=shown)


def _kind(head: bytes) -> Kind:
    if not head:
        raise NotAccepted(EMPTY)
    kind = kind_of(head)
    if kind is None:
        raise NotAccepted(HEIF if is_heif(head) else UNKNOWN)
    return kind


def _check_pdf(file: BinaryIO) -> None:
    found = pdf.problem(file.read())
    if found is not None:
        raise NotAccepted(PDF_WORDS[found])


def _check_picture(file: BinaryIO, kind: Kind) -> None:
    try:
        size = _PICTURES[kind](file)
    except Broken:
        raise NotAccepted(BROKEN) from None
    if pictures.is_too_large(size):
        raise NotAccepted(TOO_LARGE, width=size.width, height=size.height)
