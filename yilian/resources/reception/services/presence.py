"""Showing that the person is there: by card or code, or by a code on their phone.

The desk's own word shows nothing (decisions 4): an encounter that rests on it does
not open the record for whoever wrote it.
"""

from typing import Final
from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.identity.rules import CodePurpose
from yilian.foundation.identity.services import ask_code, use_code
from yilian.foundation.vault.services import keyed_index
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _
from yilian.registry.population.models import Person
from yilian.registry.population.ports import presence_token
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services import give_grant
from yilian.resources.reception import policies
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import EncounterState, Presence

NOT_RECEIVING: Final = _("只有本机构的医师、护士或转诊办公室可以登记接诊。")
_MOST: Final = 200


@transaction.atomic
def ask_presence_code(actor: Actor, person_id: UUID) -> str | None:
    """Send a one-time code to the phone that is registered, and to no other.

    In the demo, where no phone rings, the code comes back.
    """
    require(policies.can_receive(actor), NOT_RECEIVING)
    person = find(Person.objects.all(), person_id)
    if person.phone_cipher is None:
        raise Conflict(_("该居民没有登记手机，请刷卡核验，或先按未核验登记。"))
    code = ask_code(
        CodePurpose.PRESENCE,
        _subject(person_id),
        phone_cipher=bytes(person.phone_cipher),
        asked_by=actor.account_id,
    )
    record(actor, "reception.ask_code", person_id=person_id)
    return code


def prove_presence(
    actor: Actor, encounter_id: UUID, *, presence: Presence, proof: str
) -> Encounter:
    """Proof that comes later: from now on the record is open to the whole house.

    Tried in a transaction of its own, so that a wrong code counts as a try.
    """
    require(policies.can_receive(actor), NOT_RECEIVING)
    if presence not in _CHECKS:
        raise Invalid(fields={"presence": _("请选择刷卡或验证码核验。")})
    encounter = find(Encounter.objects.visible_to(actor), encounter_id)
    check_presence(encounter.person_id, presence, proof)
    return _prove(actor, encounter_id, presence)


def check_presence(person_id: UUID, presence: Presence, proof: str) -> None:
    """Raises with words at the field when the proof shows nothing."""
    shown = _CHECKS.get(presence)
    if shown is not None:
        shown(person_id, clean_line(proof, max_length=_MOST))


def give_encounter_grant(actor: Actor, encounter: Encounter, *, is_sole: bool) -> None:
    give_grant(
        actor,
        person_id=encounter.person_id,
        institution_id=encounter.institution_id,
        ground=Ground.ENCOUNTER,
        scope=Scope.FULL,
        evidence_kind="encounter",
        evidence_id=encounter.id,
        is_sole=is_sole,
    )


def _check_card(person_id: UUID, token: str) -> None:
    if not token or presence_token().person_of(token) != person_id:
        words = _("这张卡或这个码不是该居民的，或已失效，请重新读取。")
        raise Invalid(fields={"proof": words})


def _check_code(person_id: UUID, code: str) -> None:
    if not code or not use_code(CodePurpose.PRESENCE, _subject(person_id), code):
        raise Invalid(fields={"proof": _("验证码不正确或已过期，请核对或重新发送。")})


_CHECKS: Final = {Presence.CARD: _check_card, Presence.CODE: _check_code}


def _subject(person_id: UUID) -> str:
    return keyed_index("code", str(person_id))


@transaction.atomic
def _prove(actor: Actor, encounter_id: UUID, presence: Presence) -> Encounter:
    here = Encounter.objects.visible_to(actor)
    encounter = find(here.select_for_update(of=("self",)), encounter_id)
    if encounter.state != EncounterState.IN_PROGRESS:
        raise Conflict(_("这次就诊已经结束，不能再核验。"))
    encounter.presence = presence.value
    encounter.save(update_fields=["presence"])
    give_encounter_grant(actor, encounter, is_sole=False)
    record(
        actor,
        "reception.prove_presence",
        object_kind="encounter",
        object_id=encounter.id,
        person_id=encounter.person_id,
        detail={"presence": presence.value},
    )
    return encounter
