"""Persons, houses, posts, consortia."""

from datetime import date, timedelta
from functools import partial

from django.utils import timezone

from bench.faults.contests.fight import Contests, Fight, Wins
from bench.faults.contests.players import (
    SYSTEM,
    cast,
    county,
    identity_number,
    other_house,
    person,
    township,
)
from bench.faults.contests.players import (
    name as new_name,
)
from yilian.foundation.access.actor import Role
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.consortium.models import Agreement, Membership
from yilian.registry.consortium.rules import (
    AgreementKind,
    MemberRole,
    Tie,
    Tightness,
)
from yilian.registry.consortium.services import draft_agreement, join, sign
from yilian.registry.directory.models import DutyShift, PractitionerRole
from yilian.registry.directory.rules import DutyKind, InstitutionKind
from yilian.registry.directory.services import (
    add_practitioner,
    appoint,
    leave_post,
    open_department,
    open_institution,
    plan_duty,
    take_on,
)
from yilian.registry.population.models import BreakGlass, Grant
from yilian.registry.population.rules import Ground, GroupTag, Relation, Scope
from yilian.registry.population.services import (
    Given,
    add_identifier,
    appoint_proxy,
    break_glass,
    give_grant,
    note_contract,
    record_death,
    register,
    review_break_glass,
    tag,
)

REGISTRY = Contests()
TODAY = date.today


@REGISTRY.add("one number is given to two persons")
def number_twice() -> Fight:
    typed = identity_number()
    acts = [
        partial(
            add_identifier, cast("township_desk"), person(),
            kind=IdentityKind.OTHER, value=typed, system="bench",
        )
        for _ in range(2)
    ]  # fmt: skip
    return Fight(acts)


@REGISTRY.add("two desks register one number")
def registered_twice() -> Fight:
    given = [Given(IdentityKind.ID_CARD, identity_number())]
    acts = [
        partial(
            register, cast("township_desk"), key=new_id(), name=name, identifiers=given
        )
        for name in (new_name(), new_name())
    ]
    return Fight(acts)


@REGISTRY.add("one form registers four times (idempotency key)", Wins.SAME)
def registered_once() -> Fight:
    again = partial(
        register, cast("township_desk"), key=new_id(), name=new_name(),
        identifiers=[Given(IdentityKind.ID_CARD, identity_number())],
    )  # fmt: skip
    return Fight([again] * 4)


@REGISTRY.add("one grant on one evidence (upsert, the widest stays)", Wins.SAME)
def grant_upsert() -> Fight:
    patient, evidence = person(), new_id()
    acts = [
        partial(
            give_grant, SYSTEM, person_id=patient, institution_id=county().pk,
            ground=Ground.REFERRAL, scope=scope, evidence_kind="bench",
            evidence_id=evidence,
        )
        for scope in (Scope.IDENTITY, Scope.SUMMARY, Scope.FULL, Scope.SUMMARY)
    ]  # fmt: skip

    def widest() -> bool:
        return Grant.objects.get(evidence_id=evidence).scope == Scope.FULL

    return Fight(acts, widest)


@REGISTRY.add("one stand-in is appointed twice")
def proxy_twice() -> Fight:
    patient, stand_in = person(), person()
    again = partial(
        appoint_proxy, cast("township_desk"), patient, proxy_id=stand_in,
        relation=Relation.CHILD, evidence="户口簿",
    )  # fmt: skip
    return Fight([again] * 2)


@REGISTRY.add("one key population is tagged four times", Wins.SAME)
def tagged_once() -> Fight:
    again = partial(tag, cast("township_desk"), person(), group=GroupTag.ELDERLY)
    return Fight([again] * 4)


@REGISTRY.add("two houses contract one person (one per tier)")
def contracted_twice() -> Fight:
    patient = person()  # contracted for primary care: hence another tier
    acts = [
        partial(
            note_contract, SYSTEM, person_id=patient,
            chosen={Tier.TERTIARY: other_house(n).pk}, doctor_post_id=None,
            period=(TODAY(), None), contract_id=new_id(), is_witnessed=True,
        )
        for n in range(2)
    ]  # fmt: skip
    return Fight(acts)


@REGISTRY.add("one doctor breaks one glass four times", Wins.SAME)
def glass_once() -> Fight:
    patient = person()
    again = partial(
        break_glass, cast("outside_doctor"), patient,
        reason_code="unconscious", reason="昏迷，无家属在场",
    )  # fmt: skip
    one = BreakGlass.objects.filter(person=patient)
    return Fight([again] * 4, lambda: one.count() == 1)


@REGISTRY.add("two review one opened record")
def reviewed_twice() -> Fight:
    opened = break_glass(
        cast("outside_doctor"), person(), reason_code="unconscious", reason="昏迷"
    )
    acts = [
        partial(
            review_break_glass, cast(who), opened.pk, is_justified=True, note="属实"
        )
        for who in ("auditor", "security_admin")
    ]
    return Fight(acts)


@REGISTRY.add("a death is recorded twice", Wins.SAME)
def dead_once() -> Fight:
    died = partial(
        record_death, cast("township_gp"), person(),
        died_at=timezone.now() - timedelta(minutes=5),
    )  # fmt: skip
    return Fight([died] * 2)


# --- houses and posts ---------------------------------------------------------


@REGISTRY.add("one institution code is opened twice")
def house_twice() -> Fight:
    code = f"BENCH-{new_id().hex[-12:]}"
    acts = [
        partial(
            open_institution, SYSTEM, key=new_id(), code=code, legal_name=f"争用{code}",
            kind=InstitutionKind.OTHER, area_code="640121",
        )
        for _ in range(2)
    ]  # fmt: skip
    return Fight(acts)


@REGISTRY.add("one department name is opened twice")
def department_twice() -> Fight:
    name = f"争用科{new_id().hex[-10:]}"
    acts = [
        partial(
            open_department, SYSTEM, key=new_id(), institution_id=county().pk,
            name=name, specialty="cardiology",
        )
        for _ in range(2)
    ]  # fmt: skip
    return Fight(acts)


@REGISTRY.add("one user name is taken twice")
def username_twice() -> Fight:
    username = f"bench{new_id().hex[-12:]}"
    acts = [
        partial(
            take_on, cast("system_admin"), key=new_id(), institution_id=county().pk,
            department_id=None, name="马争先", sex="1", title="", username=username,
            roles=[Role.NURSE], starts_on=TODAY(),
        )
        for _ in range(2)
    ]  # fmt: skip
    return Fight(acts)


@REGISTRY.add("one person is appointed twice to one post")
def appointed_twice() -> Fight:
    who = add_practitioner(
        SYSTEM, key=new_id(), institution_id=county().pk, name="马争先"
    )
    again = partial(
        appoint, SYSTEM, practitioner_id=who.pk, institution_id=county().pk,
        department_id=None, roles=[Role.NURSE], period=(TODAY(), None), account_id=None,
    )  # fmt: skip
    return Fight([again] * 2)


def _post() -> PractitionerRole:
    who = add_practitioner(
        SYSTEM, key=new_id(), institution_id=county().pk, name="马争先"
    )
    return appoint(
        SYSTEM, practitioner_id=who.pk, institution_id=county().pk,
        department_id=None, roles=[Role.NURSE], period=(TODAY(), None), account_id=None,
    )  # fmt: skip


@REGISTRY.add("one post is left twice")
def left_twice() -> Fight:
    leave = partial(leave_post, SYSTEM, _post().pk)
    return Fight([leave] * 2)


@REGISTRY.add("one post is planned for two shifts at once")
def duty_twice() -> Fight:
    post = _post()
    begins = timezone.now() + timedelta(days=2)
    acts = [
        partial(
            plan_duty, SYSTEM, key=new_id(), institution_id=county().pk,
            post_id=post.pk, kind=DutyKind.GENERAL, start=begins,
            end=begins + timedelta(hours=8),
        )
        for _ in range(2)
    ]  # fmt: skip
    return Fight(acts, lambda: DutyShift.objects.filter(post=post).count() == 1)


# --- consortia ----------------------------------------------------------------


def _agreement(number: str) -> "partial[Agreement]":
    return partial(
        draft_agreement, cast("consortium_office"), key=new_id(), number=number,
        kind=AgreementKind.COOPERATION, title="争用协议",
        party_ids=[county().pk, township().pk], starts_on=TODAY(),
        ends_on=TODAY() + timedelta(days=365),
    )  # fmt: skip


@REGISTRY.add("one agreement number is drafted twice")
def agreement_twice() -> Fight:
    number = f"B{new_id().hex[-14:]}"
    return Fight([_agreement(number), _agreement(number)])


@REGISTRY.add("one party signs twice")
def signed_twice() -> Fight:
    drafted = _agreement(f"B{new_id().hex[-14:]}")()
    again = partial(sign, cast("consortium_office"), drafted.pk)
    return Fight([again] * 2)


@REGISTRY.add("one house joins one consortium twice")
def joined_twice() -> Fight:
    office = cast("consortium_office")
    led = Membership.objects.filter(
        institution_id=office.institution_id, role=MemberRole.LEAD
    ).order_by("period", "id")
    consortium = led.first()
    assert consortium is not None
    newcomer = open_institution(
        SYSTEM, key=new_id(), code=f"BENCH-{new_id().hex[-12:]}",
        legal_name=f"争用{new_id().hex[-12:]}", kind=InstitutionKind.VILLAGE_CLINIC,
        area_code="640121104",
    )  # fmt: skip
    acts = [
        partial(
            join, office, key=new_id(), consortium_id=consortium.consortium_id,
            institution_id=newcomer.pk, department_id=None, role=MemberRole.MEMBER,
            tie=Tie.GROUP_OPERATION, tightness=Tightness.TIGHT, starts_on=TODAY(),
        )
        for _ in range(2)
    ]  # fmt: skip
    return Fight(acts)
