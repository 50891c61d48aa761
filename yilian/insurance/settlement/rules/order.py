"""In which order the services of a case are settled, 结算顺序.

By discharge; of two on one day the earlier admission first; a stay never before
the one it follows.
"""

from collections.abc import Mapping, Sequence

from yilian.insurance.settlement.rules.case import CaseWrong, Service
from yilian.kernel.text import _


def in_order(services: Sequence[Service]) -> list[tuple[int, Service]]:
    """Each service with its place in the case, after checking the links."""
    if len(services) == 1 and services[0].follows is None:
        return [(0, services[0])]
    places = _places(services)
    depth = _depths(services, places)
    return sorted(
        enumerate(services),
        key=lambda pair: (
            pair[1].discharged_on,
            pair[1].admitted_on,
            depth.get(pair[1].id, 0),
        ),
    )


def _places(services: Sequence[Service]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, service in enumerate(services):
        if places.setdefault(service.id, place) != place:
            raise CaseWrong(
                f"services[{place}].id", _("服务编号重复：{id}"), id=service.id
            )
    return places


def _depths(services: Sequence[Service], places: Mapping[str, int]) -> dict[str, int]:
    """How many stays lead to each linked one; refuses a ring."""
    depth: dict[str, int] = {}
    for place, service in enumerate(services):
        if service.follows is not None:
            depth[service.id] = _depth(services, places, place)
    return depth


def _depth(services: Sequence[Service], places: Mapping[str, int], start: int) -> int:
    length, place, service = 0, start, services[start]
    while service.follows is not None:
        before = places.get(service.follows)
        where = f"services[{place}].follows"
        if before is None:
            raise CaseWrong(where, _("没有编号为 {id} 的服务"), id=service.follows)
        length += 1
        if length > len(services):
            raise CaseWrong(where, _("转诊前后相连成环，无法确定先后"))
        if service.admitted_on < services[before].discharged_on:
            raise CaseWrong(
                where, _("入院早于前一次住院的出院：{day}"), day=service.admitted_on
            )
        place, service = before, services[before]
    return length
