"""Who stands for whom, from when to when, 代办与监护."""

from datetime import date
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.population import policies
from yilian.registry.population.models import Person, Proxy
from yilian.registry.population.queries.keeping import own_person_id
from yilian.registry.population.queries.sight import sight_of
from yilian.registry.population.rules import (
    AGE_OF_OWN_WORD,
    Relation,
    Scope,
    age_on,
)
from yilian.registry.population.services.registering import NOT_AT_DESK

_NOT_PROVEN: Final = _("登记或终止代办须先核验本人到场（刷卡、验证码）或有在诊记录。")
_NOT_YOURS: Final = _("代办关系只能由被代办人本人、代办人自己或接诊机构终止。")


@transaction.atomic
def appoint_proxy(
    actor: Actor,
    person_id: UUID,
    *,
    proxy_id: UUID,
    relation: Relation,
    evidence: str,
    until: date | None = None,
) -> Proxy:
    """Somebody acts for this person from today; the paper seen is written down.

    Whoever stands for a person sees the whole record: so only who sees it already
    may appoint (decisions 4). The stand-in need not be a patient of the house.
    """
    person = _lock(actor, person_id)
    _require_desk(actor, person_id)
    stand_in = find(Person.objects.all(), proxy_id)
    today = timezone.localdate()
    if stand_in.pk == person.pk:
        raise Invalid(fields={"proxy": _("代办人不能是本人。")})
    if stand_in.died_at is not None:
        raise Conflict(_("代办人已登记死亡，请另选。"))
    if until is not None and until <= today:
        raise Invalid(fields={"until": _("截止日期应在今天以后。")})
    if Proxy.objects.filter(
        person=person, proxy=stand_in, period__overlap=DateRange(today, until)
    ).exists():
        raise Conflict(_("该代办关系已经登记，不用重复登记。"))
    proxy = Proxy.objects.create(
        person=person,
        proxy=stand_in,
        relation=relation.value,
        period=DateRange(today, until),
        evidence=required_text(evidence, max_length=200),
    )
    record(
        actor,
        "person.appoint_proxy",
        object_kind="proxy",
        object_id=proxy.id,
        person_id=person.id,
        detail={"relation": relation.value},
    )
    return proxy


@transaction.atomic
def end_proxy(actor: Actor, proxy_id: UUID) -> Proxy:
    """From this moment nobody is stood for by it. A child keeps a guardian."""
    found = find(Proxy.objects.all(), proxy_id)
    person = _lock(actor, found.person_id)
    if policies.is_resident(actor):
        own = own_person_id(actor)
        require(own in {found.person_id, found.proxy_id}, _NOT_YOURS)
    else:
        _require_desk(actor, person.pk)
    today = timezone.localdate()
    standing = Proxy.objects.filter(person=person, period__contains=today)
    proxy = standing.filter(pk=proxy_id).first()
    if proxy is None:
        raise Conflict(_("这一代办关系已经终止。"))
    if _is_child(person, today) and not standing.exclude(pk=proxy_id).exists():
        raise Conflict(
            _("未满 14 岁须有监护人：请先登记新的监护人，再终止原来的代办。")
        )
    proxy.period = DateRange(proxy.period.lower, today)
    proxy.save(update_fields=["period"])
    record(
        actor,
        "person.end_proxy",
        object_kind="proxy",
        object_id=proxy.id,
        person_id=person.id,
        detail={"relation": proxy.relation},
    )
    return proxy


def _lock(actor: Actor, person_id: UUID) -> Person:
    """Held, so that two guardians of a child cannot both leave at once."""
    seen = Person.objects.visible_to(actor).select_for_update(of=("self",))
    return find(seen, person_id)


def _require_desk(actor: Actor, person_id: UUID) -> None:
    require(policies.can_correct(actor), NOT_AT_DESK)
    require(sight_of(actor, person_id).scope >= Scope.FULL, _NOT_PROVEN)


def _is_child(person: Person, day: date) -> bool:
    return person.born_on is not None and age_on(person.born_on, day) < AGE_OF_OWN_WORD
