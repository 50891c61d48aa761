"""What a person has added to a message, over what the message says itself."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from yilian.foundation.vault.services import decrypt, encrypt

_IDS = ("to_institution_id", "to_department_id", "person_id")


@dataclass(frozen=True, slots=True)
class Mended:
    """Blank where nobody has said anything."""

    to_institution_id: UUID | None = None
    to_department_id: UUID | None = None
    person_id: UUID | None = None
    urgency: str = ""
    specialty: str = ""
    diagnosis_code: str = ""
    care_kind: str = ""
    reason: str = ""
    skip_reason: str = ""
    outside_reason: str = ""
    consent_by: str = ""
    content: dict[str, str] = field(default_factory=dict)

    def sealed(self) -> bytes:
        return encrypt(json.dumps(asdict(self), default=str, ensure_ascii=False))

    def changed(self, **facts: Any) -> "Mended":
        return replace(self, **facts)


def opened(sealed: bytes | memoryview | None) -> Mended:
    if sealed is None:
        return Mended()
    kept: dict[str, Any] = json.loads(decrypt(sealed))
    for name in _IDS:
        kept[name] = UUID(kept[name]) if kept.get(name) else None
    return Mended(**kept)
