"""Four eyes: one proposes, another releases, and never two values for one day."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.parameters import queries, services
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.errors import Conflict, DomainError, Invalid, NotFound, NotPermitted

pytestmark = pytest.mark.django_db
Play = Callable[..., Actor]
Browse = Callable[[Actor], Client]
DAY = date(2026, 3, 1)


def _at_least_one(value: int) -> str | None:
    return None if value >= 1 else "至少为 1。"


MINUTES = register(
    Key(
        "test.minutes",
        "试验时限",
        Dated({date(2018, 1, 1): 10}),
        clause("NX-2.1.1-a"),
        unit="分钟",
        check=_at_least_one,
    )
)


@pytest.fixture
def officer(play: Play) -> Actor:
    return play(Role.OFFICER)


@pytest.fixture
def engineer(play: Play) -> Actor:
    return play(Role.SYSTEM_ADMIN)


def propose(actor: Actor, value: Any = 15, **facts: Any) -> ParameterValue:
    facts = {"starts_on": DAY, "source": "宁卫发〔2026〕1号", **facts}
    return services.propose(actor, MINUTES.name, value=value, **facts)


def test_a_value_counts_when_another_person_has_released_it(
    officer: Actor, engineer: Actor
) -> None:
    row = propose(officer)
    assert queries.value_of(MINUTES, DAY) == 10
    services.release(engineer, row.id)
    assert queries.value_of(MINUTES, DAY) == 15
    assert queries.value_of(MINUTES, date(2026, 2, 28)) == 10
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["parameters.propose", "parameters.release"]


@pytest.mark.parametrize("role", Role)
def test_who_may_propose(play: Play, role: Role) -> None:
    if role in {Role.OFFICER, Role.SYSTEM_ADMIN}:
        assert propose(play(role)).state == "proposed"
        return
    with pytest.raises(NotPermitted):
        propose(play(role))


@pytest.mark.parametrize("role", Role)
def test_who_may_release(play: Play, officer: Actor, role: Role) -> None:
    row = propose(officer)
    if role in {Role.OFFICER, Role.SYSTEM_ADMIN}:
        assert services.release(play(role), row.id).state == "released"
        return
    with pytest.raises(NotFound):
        services.release(play(role), row.id)


def test_the_proposer_cannot_release_nor_reject(officer: Actor) -> None:
    row = propose(officer)
    with pytest.raises(NotPermitted):
        services.release(officer, row.id)
    with pytest.raises(NotPermitted):
        services.reject(officer, row.id, "不")


def test_the_database_itself_asks_for_another_person(officer: Actor) -> None:
    row = propose(officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        ParameterValue.objects.filter(id=row.id).update(
            state="released", decided_by_id=officer.account_id
        )


def test_a_rejection_says_why_and_changes_nothing(
    officer: Actor, engineer: Actor
) -> None:
    row = propose(officer)
    with pytest.raises(Invalid):
        services.reject(engineer, row.id, "  ")
    services.reject(engineer, row.id, "依据不足")
    assert queries.value_of(MINUTES, DAY) == 10
    with pytest.raises(Conflict):
        services.release(engineer, row.id)


def test_a_released_value_is_never_overwritten(officer: Actor, engineer: Actor) -> None:
    services.release(engineer, propose(officer).id)
    again = propose(officer, 20)
    with pytest.raises(Conflict):
        services.release(engineer, again.id)
    later = propose(officer, 20, starts_on=date(2026, 4, 1))
    services.release(engineer, later.id)
    assert queries.value_of(MINUTES, date(2026, 4, 1)) == 20


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"value": 0}, "value"),
        ({"value": "15"}, "value"),
        ({"value": True}, "value"),
        ({"value": 1.5}, "value"),
        ({"value": None}, "value"),
        ({"source": " "}, "source"),
        ({"area_code": "11"}, "area_code"),
        ({"area_code": "64012"}, "area_code"),
        ({"area_code": "六四"}, "area_code"),
    ],
)
def test_what_is_not_right_is_said_at_its_field(
    officer: Actor, facts: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        propose(officer, **facts)
    assert set(refused.value.fields) == {field}


def test_other_processes_see_a_release_within_ten_seconds(
    officer: Actor, engineer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert queries.value_of(MINUTES, DAY) == 10
    row = propose(officer)  # released elsewhere: this process is not told
    ParameterValue.objects.filter(id=row.id).update(
        state="released", decided_by_id=engineer.account_id
    )
    assert queries.value_of(MINUTES, DAY) == 10
    now += queries.SECONDS
    assert queries.value_of(MINUTES, DAY) == 15


def test_asking_often_costs_one_statement(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    with django_assert_num_queries(1):
        for _n in range(20):
            queries.value_of(MINUTES, DAY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_same_row", [True, False])
def test_two_releases_at_once_leave_one_value(play: Play, is_same_row: bool) -> None:
    officer, one, other = (play(Role.OFFICER) for _n in range(3))
    first = propose(officer)
    second = first if is_same_row else propose(officer, 20)

    def release(who: Actor, row_id: UUID) -> str:
        try:
            return services.release(who, row_id).state
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(release, [one, other], [first.id, second.id])
        assert sorted(answers) == ["conflict", "released"]
    assert ParameterValue.objects.filter(state="released").count() == 1


# --- pages --------------------------------------------------------------------


def test_two_people_change_a_value_on_the_page(
    officer: Actor, engineer: Actor, browse: Browse
) -> None:
    page = browse(officer).get("/parameters/").content.decode()
    assert "试验时限" in page
    assert "NX-2.1.1-a" in page
    form = {
        "value": "15",
        "starts_on": "2026-03-01",
        "area_code": "64",
        "source": "会议纪要",
    }
    address = f"/parameters/keys/{MINUTES.name}"
    assert browse(officer).post(address, form).status_code == 302
    row = ParameterValue.objects.get()
    assert "须由另一位管理人员发布" in browse(officer).get(address).content.decode()
    own = browse(officer).post(f"/parameters/values/{row.id}/release")
    assert own.status_code == 403
    other = browse(engineer).post(f"/parameters/values/{row.id}/release")
    assert other.status_code == 302
    assert queries.value_of(MINUTES, DAY) == 15


@pytest.mark.parametrize("value", ["十五", "0", "{", "1e999", ""])
def test_a_wrong_value_stays_in_the_form(
    officer: Actor, browse: Browse, value: str
) -> None:
    form = {"value": value, "starts_on": "2026-03-01", "source": "x", "area_code": "64"}
    answer = browse(officer).post(f"/parameters/keys/{MINUTES.name}", form)
    assert answer.status_code == 422
    assert not ParameterValue.objects.exists()


def test_others_are_refused_and_unknown_keys_are_not_found(
    officer: Actor, play: Play, browse: Browse
) -> None:
    assert browse(play(Role.PHYSICIAN)).get("/parameters/").status_code == 403
    assert browse(officer).get("/parameters/keys/nothing").status_code == 404
