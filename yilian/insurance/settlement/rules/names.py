"""What a service is called on a page."""

from collections.abc import Mapping
from typing import Final

from yilian.insurance.settlement.rules.case import Aid, CatalogClass, Kind, Scheme
from yilian.kernel.text import _

KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.INPATIENT: _("住院"),
    Kind.OUTPATIENT: _("门诊"),
}
SCHEME_NAMES: Final[Mapping[Scheme, str]] = {
    Scheme.ORDINARY: _("普通门诊"),
    Scheme.TWO_DISEASE: _("两病门诊用药"),
    Scheme.SPECIAL_DISEASE: _("门诊慢特病"),
}
AID_NAMES: Final[Mapping[Aid, str]] = {
    Aid.TEKUN: _("特困人员"),
    Aid.DIBAO: _("低保对象"),
    Aid.DIBAO_EDGE: _("低保边缘家庭"),
    Aid.POVERTY_BY_ILLNESS: _("因病致贫人口"),
}
CLASS_NAMES: Final[Mapping[CatalogClass, str]] = {
    CatalogClass.A: _("甲类"),
    CatalogClass.B: _("乙类"),
    CatalogClass.C: _("丙类（目录外）"),
}


def service_name(kind: Kind, scheme: Scheme) -> str:
    return KIND_NAMES[kind] if kind is Kind.INPATIENT else SCHEME_NAMES[scheme]
