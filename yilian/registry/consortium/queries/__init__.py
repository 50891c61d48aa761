"""Which consortia two institutions share, and what they have agreed."""

from yilian.registry.consortium.queries.agreements import (
    AgreementLine,
    PartyLine,
    agreement_line,
    agreements_of_consortium,
    agreements_of_institution,
)
from yilian.registry.consortium.queries.cards import (
    ConsortiumCard,
    consortium_cards,
)
from yilian.registry.consortium.queries.members import (
    MemberGroup,
    MemberLine,
    candidate_of,
    has_strong_specialty,
    member_groups,
    missing_lanes,
)
from yilian.registry.consortium.queries.referral import (
    REFERRAL,
    agreement_between,
    agreements_for,
)
from yilian.registry.consortium.queries.shared import (
    ConsortiumLine,
    consortia_of,
    consortia_of_many,
    fellow_members,
    leading,
    patient_consortia,
    share_patients,
    shared_consortia,
)

__all__ = [
    "REFERRAL",
    "AgreementLine",
    "ConsortiumCard",
    "ConsortiumLine",
    "MemberGroup",
    "MemberLine",
    "PartyLine",
    "agreement_between",
    "agreement_line",
    "agreements_for",
    "agreements_of_consortium",
    "agreements_of_institution",
    "candidate_of",
    "consortia_of",
    "consortia_of_many",
    "consortium_cards",
    "fellow_members",
    "has_strong_specialty",
    "leading",
    "member_groups",
    "missing_lanes",
    "patient_consortia",
    "share_patients",
    "shared_consortia",
]
