"""The acknowledgement: MSA says how it went, ERR what is wrong and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from yilian.interfaces.exchange.hl7v2.charset import NAMES, encoded
from yilian.interfaces.exchange.hl7v2.message import Header, escaped
from yilian.kernel.calendar import local

APPLICATION: Final = "YILIAN"
_MSA_3: Final = 80  # what old systems can hold
_NEW_ERR: Final = "2.5"  # from here on ERR has more than one field


class Ack(StrEnum):
    """Table 0008: accepted, an error to mend, or refused."""

    ACCEPTED = "AA"
    ERROR = "AE"
    REJECTED = "AR"


class Fault(StrEnum):
    """Table 0357."""

    NONE = "0"
    SEQUENCE = "100"
    MISSING = "101"
    DATA_TYPE = "102"
    NOT_IN_TABLE = "103"
    KIND = "200"
    EVENT = "201"
    PROCESSING = "202"
    VERSION = "203"
    UNKNOWN_KEY = "204"
    DUPLICATE_KEY = "205"
    INTERNAL = "207"


FAULT_NAMES: Final = {
    Fault.NONE: "Message accepted",
    Fault.SEQUENCE: "Segment sequence error",
    Fault.MISSING: "Required field missing",
    Fault.DATA_TYPE: "Data type error",
    Fault.NOT_IN_TABLE: "Table value not found",
    Fault.KIND: "Unsupported message type",
    Fault.EVENT: "Unsupported event code",
    Fault.PROCESSING: "Unsupported processing id",
    Fault.VERSION: "Unsupported version id",
    Fault.UNKNOWN_KEY: "Unknown key identifier",
    Fault.DUPLICATE_KEY: "Duplicate key identifier",
    Fault.INTERNAL: "Application internal error",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong; `where` is like PID^1^3 (segment, which, field)."""

    fault: Fault
    words: str
    where: str = ""
    is_only_warning: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    ack: Ack
    words: str
    complaints: Sequence[Complaint] = ()


def acknowledgement(
    reply: Reply, header: Header, *, control_id: str, now: datetime, codec: str
) -> bytes:
    """In the characters of the message that it answers."""
    lines = [
        _msh(header, control_id, now, codec),
        _line("MSA", reply.ack, header.control_id, reply.words[:_MSA_3]),
        *(_err(one, header.version) for one in reply.complaints),
    ]
    return encoded("".join(f"{line}\r" for line in lines), codec)


def stamp(at: datetime) -> str:
    return f"{local(at):%Y%m%d%H%M%S%z}"


def _msh(header: Header, control_id: str, now: datetime, codec: str) -> str:
    kind = "ACK" + (f"^{escaped(header.event)}" if header.event else "")
    if header.version >= "2.4" and header.event:
        kind += "^ACK"
    fields = [
        "MSH", "^~\\&", APPLICATION, escaped(header.to_facility),
        escaped(header.application), escaped(header.facility), stamp(now), "",
        kind, control_id, escaped(header.processing) or "P",
        escaped(header.version) or "2.5.1", "", "", "", "", "", NAMES[codec],
    ]  # fmt: skip
    return "|".join(fields)


def _err(one: Complaint, version: str) -> str:
    code = f"{one.fault}^{FAULT_NAMES[one.fault]}^HL70357"
    if version and version < _NEW_ERR:
        place = (one.where or "MSH^1").split("^")
        place = (place + [""] * 3)[:3]
        return "|".join(["ERR", "^".join([*place, code.replace("^", "&")])])
    severity = "W" if one.is_only_warning else "E"
    return "|".join(
        ["ERR", "", one.where, code, severity, "", "", "", escaped(one.words)]
    )


def _line(name: str, *fields: str) -> str:
    return "|".join([name, *(escaped(field) for field in fields)])
