"""What is settled: one insured person and the services of a stretch of time.

Amounts are whole fen, ratios millionths (`kernel/money.py`); files, pages and the
database convert at their edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from yilian.kernel.errors import Invalid
from yilian.kernel.money import Fen, Millionths
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Tier

# Keeps every product of an amount and a ratio exact in 64 bits (`whatif`).
MOST_PER_LINE: Final[Fen] = 9_999_999_999
MOST_PER_SERVICE: Final[Fen] = 99_999_999_999
MOST_PER_YEAR: Final[Fen] = 9_000_000_000_000


class Insurance(StrEnum):
    RESIDENT = "resident"  # 城乡居民医保
    EMPLOYEE = "employee"  # 职工医保


class Aid(StrEnum):
    """Who medical assistance is for, 医疗救助对象."""

    TEKUN = "tekun"
    DIBAO = "dibao"
    DIBAO_EDGE = "dibao_edge"
    POVERTY_BY_ILLNESS = "poverty_by_illness"


class Kind(StrEnum):
    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"


class Scheme(StrEnum):
    ORDINARY = "ordinary"
    TWO_DISEASE = "two_disease"
    SPECIAL_DISEASE = "special_disease"


class Place(StrEnum):
    """A tier of the ladder, or outside the region (decisions 19)."""

    VILLAGE = Tier.VILLAGE.value
    PRIMARY = Tier.PRIMARY.value
    SECONDARY = Tier.SECONDARY.value
    TERTIARY = Tier.TERTIARY.value
    OUTSIDE = "outside"


class Referral(StrEnum):
    """How the patient came, as the insurer sees it (RI-2, RI-4)."""

    FIRST_CONTACT = "first_contact"
    COMPLIANT_UP = "compliant_up"
    COMPLIANT_DOWN = "compliant_down"
    COMPLIANT_SAME_TIER = "compliant_same_tier"
    EMERGENCY_EXEMPT = "emergency_exempt"
    EXEMPT_PERSON = "exempt_person"
    NON_COMPLIANT = "non_compliant"
    REMOTE_FILED = "remote_filed"
    REMOTE_UNFILED = "remote_unfiled"


PENALISED: Final = frozenset({Referral.NON_COMPLIANT, Referral.REMOTE_UNFILED})
REMOTE: Final = frozenset({Referral.REMOTE_FILED, Referral.REMOTE_UNFILED})


class CatalogClass(StrEnum):
    A = "A"
    B = "B"
    C = "C"


class Line(NamedTuple):
    """One charge; `over_limit` is the part above the payment standard, 超限价."""

    catalog_class: CatalogClass
    amount: Fen
    over_limit: Fen = 0
    self_pay_first_rate: Millionths | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Insured:
    insurance: Insurance = Insurance.RESIDENT
    grade: str | None = None
    born_on: date | None = None
    is_retired: bool = False
    aid: Aid | None = None
    account_balance: Fen = 0  # 个人账户余额, employees only


@dataclass(frozen=True, slots=True)
class Service:
    """A stay or a visit. `follows` is the stay whose referral led here."""

    id: str
    kind: Kind
    place: Place
    admitted_on: date
    discharged_on: date
    lines: tuple[Line, ...]
    referral: Referral | None = None
    scheme: Scheme = Scheme.ORDINARY
    follows: str | None = None
    is_voided: bool = False
    months: int = 1  # of a long prescription, 长期处方
    disease: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What the year has used before the first service of the case.

    Without a `year` it is that of the earliest admission.
    """

    basic: Fen = 0
    compliant_self_pay: Fen = 0
    serious: Fen = 0
    assistance: Fen = 0
    outpatient: Fen = 0
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    insured: Insured
    services: Sequence[Service]
    used: Used = field(default_factory=Used)


class CaseWrong(Invalid):
    """A case that cannot be settled; `field` says where (`services[0].follows`)."""

    code = "case-wrong"

    def __init__(self, where: str, template: str, **values: object) -> None:
        self.field = where
        super().__init__(template, fields={where: Text(template, values)}, **values)


INSURANCE_NAMES: Final = {
    Insurance.RESIDENT: _("城乡居民医保"),
    Insurance.EMPLOYEE: _("职工医保"),
}
PLACE_NAMES: Final = {
    Place.VILLAGE: _("村级"),
    Place.PRIMARY: _("乡镇（社区）级"),
    Place.SECONDARY: _("县级（二级）"),
    Place.TERTIARY: _("三级"),
    Place.OUTSIDE: _("区外"),
}
REFERRAL_NAMES: Final = {
    Referral.FIRST_CONTACT: _("首诊"),
    Referral.COMPLIANT_UP: _("规范上转"),
    Referral.COMPLIANT_DOWN: _("规范下转"),
    Referral.COMPLIANT_SAME_TIER: _("规范平转"),
    Referral.EMERGENCY_EXEMPT: _("急诊抢救，视同规范"),
    Referral.EXEMPT_PERSON: _("特殊人群，视同规范"),
    Referral.NON_COMPLIANT: _("未按规定转诊"),
    Referral.REMOTE_FILED: _("异地就医，已备案"),
    Referral.REMOTE_UNFILED: _("异地就医，未备案"),
}
