"""`yilian load prices FILE`: whoever may start it keeps the machine."""

from pathlib import Path

from django.db import transaction

from yilian.foundation.access.actor import system_actor
from yilian.insurance.policy.rules.price_file import read_prices
from yilian.insurance.policy.services.prices import Imported, load_prices
from yilian.kernel.areas import level_of
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _


@transaction.atomic
def load_price_file(file: Path, area_code: str) -> Imported:
    if level_of(area_code) is None:
        raise Invalid(_("地区代码 {code} 不对，如 64、6401。"), code=area_code)
    lines = read_prices(file.read_bytes())
    return load_prices(system_actor("load prices"), lines, area_code=area_code)
