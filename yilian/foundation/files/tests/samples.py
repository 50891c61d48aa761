"""Small files that are what they say, and some that are not."""

import struct
import zlib

HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(40)
HTML = b"<!doctype html><script>alert(1)</script>"
DOCX = b"PK\x03\x04" + bytes(60)
TIFF = b"II*\x00" + bytes(60)


def png(width: int = 4, height: int = 3, *, shade: int = 200) -> bytes:
    rows = b"".join(b"\0" + bytes([shade]) * width * 3 for _ in range(height))
    return png_of(width, height, zlib.compress(rows))


def png_of(width: int, height: int, packed: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_part(*part) for part in parts)


def jpeg(width: int = 8, height: int = 8) -> bytes:
    """The frame of a JPEG; its scan says nothing."""
    thumb = b"Exif\0\0" + b"\xff\xd8 a thumbnail \xff\xd9"
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\x01\x01\x00\x00\x3f\x00"
    return (
        b"\xff\xd8"
        + _segment(0xE1, thumb)
        + b"\xff"  # a fill byte
        + _segment(0xC2, frame)
        + _segment(0xDA, scan)
        + b"\x12\x34\xff\x00\x56\xff\xd9"
        + b"what a phone writes behind"
    )


def webp(width: int = 8, height: int = 8) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    body = b"\x2f" + struct.pack("<I", bits) + b"data"
    part = b"VP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(part)) + b"WEBP" + part


def pdf(pages: int = 1, *, more: bytes = b"", words: str = "REPORT") -> bytes:
    """A PDF that readers open, with a line on each page."""
    kids = " ".join(f"{10 + 2 * n} 0 R" for n in range(pages))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R " + more + b">>",
        2: f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for n in range(pages):
        line = f"BT /F1 24 Tf 72 760 Td ({words} {n + 1}) Tj ET".encode()
        objects[10 + 2 * n] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources "
            b"<< /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (11 + 2 * n)
        )
        objects[11 + 2 * n] = _stream(b"", line)
    return pdf_of(objects)


def packed_pdf(listed: bytes) -> bytes:
    """As newer programs write: the list of parts is packed."""
    facts = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode "
    return pdf_of(
        {1: b"<< /Type /Catalog >>", 2: _stream(facts, zlib.compress(listed))}
    )


def pdf_of(objects: dict[int, bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    size = max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        used = number in places
        out += b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if used else b"f")
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        start,
    )
    return bytes(out)


def _stream(facts: bytes, data: bytes) -> bytes:
    head = b"<< %s/Length %d >>" % (facts, len(data))
    return head + b"\nstream\n" + data + b"\nendstream"


def _segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def _png_part(name: bytes, body: bytes) -> bytes:
    length = struct.pack(">I", len(body))
    return length + name + body + struct.pack(">I", zlib.crc32(name + body))
