"""Attachment → FHIR R4 DocumentReference. Pure mapping: no queries, no saving."""

from typing import Any, Final

from yilian.care.referral.models import Attachment
from yilian.care.referral.rules.attachments import PAPER_KINDS, PaperKind, Standing

KIND_SYSTEM: Final = "urn:yilian:codesystem:attachment-kind"
DIGEST_SYSTEM: Final = "urn:yilian:digest:sm3"


def document_reference(attachment: Attachment, *, url: str) -> dict[str, Any]:
    """`url` is where whoever has sight of the person opens the file."""
    kind = PaperKind(attachment.kind)
    is_current = attachment.standing == Standing.CURRENT
    person = attachment.referral.person_id
    added_at = attachment.added_at.isoformat()
    return {
        "resourceType": "DocumentReference",
        "id": str(attachment.id),
        "identifier": [{"system": DIGEST_SYSTEM, "value": attachment.digest}],
        "status": "current" if is_current else "entered-in-error",
        "docStatus": "final" if is_current else "entered-in-error",
        "type": {
            "coding": [{"system": KIND_SYSTEM, "code": kind.value}],
            "text": PAPER_KINDS[kind],
        },
        "subject": {"reference": f"Patient/{person}"},
        "date": added_at,
        "author": [{"reference": f"Organization/{attachment.institution_id}"}],
        "description": attachment.title,
        "content": [
            {
                "attachment": {
                    "contentType": attachment.file.kind,
                    "url": url,
                    "size": attachment.file.size,
                    "title": attachment.title,
                    "creation": added_at,
                }
            }
        ],
        "context": {
            "related": [{"reference": f"ServiceRequest/{attachment.referral_id}"}]
        },
    }
