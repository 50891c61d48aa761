"""What stands in a row, and what the database refuses."""

from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.audit import services
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Actor:
    return Actor(
        account_id=new_id(),
        reach=Reach.INSTITUTION,
        roles=frozenset({Role.PHYSICIAN, Role.REFERRAL_DESK}),
        name="马医生",
        post_id=new_id(),
        institution_id=new_id(),
        origin="10.1.2.3",
    )


def test_an_act_says_who_for_whom_in_which_role_from_where_and_on_what_ground(
    doctor: Actor,
) -> None:
    person, grant = new_id(), new_id()
    services.record(
        doctor, "record.read", person_id=person, ground="contract", grant_id=grant
    )

    row = AuditEntry.objects.get()
    assert (row.action, row.outcome) == ("record.read", "done")
    assert (row.account_id, row.post_id) == (doctor.account_id, doctor.post_id)
    assert row.institution_id == doctor.institution_id
    assert (row.roles, row.actor_name) == ("physician,referral_desk", "马医生")
    assert (row.origin, row.ground) == ("10.1.2.3", "contract")
    assert (row.person_id, row.grant_id) == (person, grant)


def test_a_residents_own_name_does_not_enter_the_trail(doctor: Actor) -> None:
    resident = replace(
        doctor, reach=Reach.SELF, roles=frozenset({Role.RESIDENT}), name="马小花"
    )
    services.record(resident, "record.read")
    assert AuditEntry.objects.get().actor_name == ""


def test_an_act_that_is_rolled_back_leaves_no_row(doctor: Actor) -> None:
    with transaction.atomic():
        services.record(doctor, "referral.accept")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_a_refusal_of_somebody_unknown_is_written_down() -> None:
    services.record_refusal(None, "session.open", outcome="failed", origin="10.1.2.3")
    row = AuditEntry.objects.get()
    assert (row.outcome, row.account_id, row.origin) == ("failed", None, "10.1.2.3")


@pytest.mark.parametrize("statement", ["UPDATE {} SET rows = 0", "DELETE FROM {}"])
def test_the_application_cannot_change_a_seal(statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"):
        _run(statement.format("audit_auditseal"))


@pytest.mark.parametrize("statement", ["UPDATE {} SET action = ''", "DELETE FROM {}"])
def test_the_application_cannot_change_a_row(statement: str, doctor: Actor) -> None:
    services.record(doctor, "record.read")
    with pytest.raises(DatabaseError, match="permission denied"):
        _run(statement.format("audit_auditentry"))


def _run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
