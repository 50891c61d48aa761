"""What the members have signed: most in force, some expired, some never finished.

The corridor Minning town, Yongning county, regional general hospital always has its
referral agreements; the gaps are elsewhere, so that both can be shown.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from yilian.demo.world import places
from yilian.demo.world.chance import fixed_id, stream
from yilian.demo.world.consortia.bodies import consortia, county_lead
from yilian.demo.world.consortia.members import memberships
from yilian.demo.world.consortia.model import Agreement, Membership, Party
from yilian.demo.world.institutions.build import by_code, by_name
from yilian.demo.world.institutions.model import Institution
from yilian.kernel.tier import Tier
from yilian.registry.consortium.rules import (
    AGREEMENT_NAMES,
    AgreementKind,
    Form,
    MemberRole,
    SignatureState,
    Tie,
)
from yilian.registry.directory.rules import InstitutionKind

_YEARS_VALID: Final = 3
_CORRIDOR: Final = frozenset({"640121-A1", "640121104-C1", "640121102-C1", "640104-A1"})
_CHAINED: Final = frozenset({Tier.PRIMARY, Tier.SECONDARY, Tier.TERTIARY})
_SIGNERS: Final = ("院长", "副院长（主持工作）", "法定代表人")
# Of a hundred agreements: missing, expired, ended early, signed by one side, draft.
_MISSING, _EXPIRED, _ENDED, _PARTLY, _DRAFT = 6, 13, 15, 19, 22
_CITY_HOSPITALS: Final = {
    "6401": "银川市第一人民医院",
    "6402": "石嘴山市第二人民医院",
    "6403": "吴忠市人民医院",
    "6404": "固原市人民医院",
    "6405": "中卫市人民医院",
}


def agreements(today: date) -> tuple[Agreement, ...]:
    """In a fixed order; validity is laid around `today`."""
    found: dict[str, Agreement] = {}
    for wish in (*_referral(today), *_integrated(today), *_other(today)):
        if wish is not None:
            found.setdefault(str(wish.id), wish)
    numbers: dict[tuple[int, str], int] = {}
    return tuple(_numbered(wish, numbers) for wish in found.values())


def _integrated(today: date) -> Iterator[Agreement | None]:
    """A centre and its villages run as one (乡村一体化管理): one agreement for all."""
    below: dict[str, list[Institution]] = {}
    for house in by_code().values():
        if house.tier is Tier.VILLAGE:
            below.setdefault(house.administrative_parent, []).append(house)
    for code, houses in below.items():
        centre = by_code()[code]
        drawn = _draw(AgreementKind.REFERRAL, "", centre, houses[0], today)
        if drawn is None or drawn.state is not SignatureState.SIGNED:
            yield drawn
            continue
        first, second = drawn.parties
        below_signed = [
            replace(second, institution=house.code, signed_by="负责人")
            for house in houses
        ]
        title = f"{centre.short_name}乡村一体化转诊协议"
        yield replace(drawn, title=title, parties=(first, *below_signed))


def _referral(today: date) -> Iterator[Agreement | None]:
    kind = AgreementKind.REFERRAL
    without = {Form.TELEMEDICINE_NETWORK, Form.HIGH_LEVEL_COLLABORATIVE}
    for body in consortia():
        if body.form not in without:
            for lead, member in _pairs(body.code):
                yield _agreement(kind, body.code, lead, member, today)
    for county in places.counties():
        lead_hospital = county_lead(county.code)
        city = by_name()[_CITY_HOSPITALS[county.city_code]]
        for upper in (city, by_name()["宁夏医科大学总医院"]):
            if upper.code != lead_hospital.code:
                yield _draw(kind, "", upper, lead_hospital, today)


def _pairs(body: str) -> Iterator[tuple[Membership, Membership]]:
    """Each lead of a consortium with each member that signs for itself."""
    members = [found for found in memberships() if found.consortium == body]
    leads = [found for found in members if found.role != MemberRole.MEMBER]
    for member in members:
        if member.role == MemberRole.MEMBER and _signs(member):
            for lead in leads:
                yield lead, member


def _signs(member: Membership) -> bool:
    """Villages and stations are bound by their centre's signature."""
    return by_code()[member.institution].tier in _CHAINED


def _other(today: date) -> Iterator[Agreement | None]:
    by_tie = {
        Tie.TRUSTEESHIP: AgreementKind.TRUSTEESHIP,
        Tie.TECHNICAL_COOPERATION: AgreementKind.COOPERATION,
        Tie.COUNTERPART_AID: AgreementKind.AID,
    }
    for body in consortia():
        if body.form not in {Form.HOSPITAL_GROUP, Form.CITY_CONSORTIUM}:
            continue
        members = [found for found in memberships() if found.consortium == body.code]
        lead = next(found for found in members if found.role == MemberRole.LEAD)
        for member in members:
            kind = by_tie.get(member.tie)
            if member.role == MemberRole.MEMBER and kind and _signs(member):
                yield _agreement(kind, body.code, lead, member, today)
    yield from _aid(today)


def _aid(today: date) -> Iterator[Agreement | None]:
    """Tertiary houses that help poor counties (万名医师支援农村卫生工程)."""
    for upper, lower in (
        ("宁夏医科大学总医院", "红寺堡区人民医院"),
        ("宁夏医科大学总医院", "海原县人民医院"),
        ("宁夏回族自治区人民医院", "西吉县人民医院"),
        ("宁夏回族自治区人民医院", "同心县人民医院"),
        ("银川市第一人民医院", "泾源县人民医院"),
        ("宁夏回族自治区中医医院暨中医研究院", "隆德县中医医院"),
    ):
        names = by_name()
        yield _draw(AgreementKind.AID, "", names[upper], names[lower], today)
    for home in by_code().values():
        if home.kind == InstitutionKind.ELDERLY_HOME:
            hospital = county_lead(home.county_code)
            yield _draw(AgreementKind.COOPERATION, "", hospital, home, today)


def _agreement(
    kind: AgreementKind,
    body: str,
    lead: Membership,
    member: Membership,
    today: date,
) -> Agreement | None:
    codes = by_code()
    return _draw(kind, body, codes[lead.institution], codes[member.institution], today)


def _draw(
    kind: AgreementKind, body: str, upper: Institution, lower: Institution, today: date
) -> Agreement | None:
    """What became of an agreement; None when nobody ever wrote it."""
    rng = stream("agreement", kind, upper.code, lower.code)
    fate = rng.randrange(100)
    if {upper.code, lower.code} <= _CORRIDOR:
        fate = 99
    if fate < _MISSING:
        return None
    starts_on = today - timedelta(days=rng.randrange(60, 700))
    if fate < _EXPIRED:
        starts_on -= timedelta(days=365 * _YEARS_VALID)
    drawn = Agreement(
        id=fixed_id("agreement", kind, upper.code, lower.code),
        number="",
        consortium=body,
        kind=kind,
        title=f"{upper.short_name}与{lower.short_name}{AGREEMENT_NAMES[kind]}",
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=365 * _YEARS_VALID),
        state=SignatureState.SIGNED,
        parties=_parties(upper, lower, starts_on, rng.choice(_SIGNERS)),
    )
    return _with_fate(drawn, fate, today)


def _parties(
    upper: Institution, lower: Institution, signed_on: date, signer: str
) -> tuple[Party, ...]:
    return (
        Party(upper.code, signed_on, signer),
        Party(lower.code, signed_on, "院长"),
    )


def _with_fate(agreement: Agreement, fate: int, today: date) -> Agreement:
    upper, lower = agreement.parties
    unsigned = replace(lower, signed_on=None, signed_by="")
    if _EXPIRED <= fate < _ENDED:
        return replace(
            agreement,
            state=SignatureState.ENDED,
            ended_on=max(agreement.starts_on, today - timedelta(days=40)),
            end_reason="双方协商提前终止，另行签订。",
        )
    if _ENDED <= fate < _PARTLY:
        return replace(
            agreement, state=SignatureState.PARTLY_SIGNED, parties=(upper, unsigned)
        )
    if _PARTLY <= fate < _DRAFT:
        nobody = replace(upper, signed_on=None, signed_by="")
        return replace(
            agreement, state=SignatureState.DRAFT, parties=(nobody, unsigned)
        )
    return agreement


def _numbered(agreement: Agreement, numbers: dict[tuple[int, str], int]) -> Agreement:
    prefix = {
        AgreementKind.REFERRAL: "ZZ",
        AgreementKind.COOPERATION: "HZ",
        AgreementKind.AID: "BF",
        AgreementKind.TRUSTEESHIP: "TG",
    }[agreement.kind]
    key = (agreement.starts_on.year, prefix)
    numbers[key] = numbers.get(key, 0) + 1
    return replace(agreement, number=f"{prefix}-{key[0]}-{numbers[key]:04}")
