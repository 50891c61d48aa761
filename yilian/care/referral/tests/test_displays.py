"""A wall that nobody is signed in on: what it shows, who lights it, how it ends."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral import handlers
from yilian.care.referral.models import Referral, WallDisplay
from yilian.care.referral.rules.display import COOKIE, HOURS, MOST, tail_of, veiled
from yilian.care.referral.services import displays
from yilian.care.referral.tests.browsing import (
    as_actor,
    as_authority,
    as_resident,
    plain,
    words,
)
from yilian.care.referral.tests.world import Place
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.parameters.queries import value_of
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.directory.events import PostLeft
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db
SCREEN, BOARD = reverse("referral:screen"), reverse("referral:screen_board")
WHERE = "门诊大厅东侧"


@pytest.fixture
def lit(county: Place) -> WallDisplay:
    return displays.open_display(county.desk, key=new_id(), place=WHERE)


@pytest.fixture
def screen(county: Place) -> Client:
    """The browser on the wall, with nobody signed in."""
    client = as_actor(county.desk)
    answer = client.post(
        reverse("referral:open_display"), {"place": WHERE, "leave": "on"}
    )
    assert answer.headers["Location"] == SCREEN
    return client


def said(client: Client, address: str = BOARD) -> int:
    return int(client.get(address, headers={"HX-Request": "true"}).status_code)


# --- what it shows ----------------------------------------------------------------


def test_it_shows_the_desk_without_names_and_without_links(
    screen: Client, waiting: Referral, county: Place
) -> None:
    page = screen.get(SCREEN)
    shown = words(page)
    for hidden in (
        waiting.person.name, "马*英", waiting.number, waiting.diagnosis_name,
        waiting.reason, str(waiting.id), county.desk.name,
    ):  # fmt: skip
        assert hidden not in shown
    assert "马＊＊" in shown
    assert tail_of(waiting.number) in shown
    assert WHERE in shown
    assert not re.search(r"<(a|form|button)\b", shown.partition("<main")[2])
    assert "data-live-url" not in shown


@pytest.mark.parametrize(
    ("name", "shown"), [("马*英", "马＊＊"), ("丁*", "丁＊＊"), ("", "")]
)
def test_a_name_is_veiled_alike_however_long(name: str, shown: str) -> None:
    assert veiled(name) == shown


def test_nobody_is_signed_in_on_it(screen: Client) -> None:
    assert "_auth_user_id" not in screen.session
    assert screen.get(reverse("referral:desk")).status_code == 302
    closed = AuditEntry.objects.get(action="session.close")
    assert closed.detail == {"how": "wall"}


def test_on_ones_own_desk_one_may_stay_signed_in(county: Place) -> None:
    client = as_actor(county.desk)
    client.post(reverse("referral:open_display"), {"place": WHERE})
    assert client.get(reverse("referral:desk")).status_code == 200
    assert client.get(SCREEN).status_code == 200


# --- how long ---------------------------------------------------------------------


def test_it_stays_lit_for_its_hours_and_then_goes_out(
    screen: Client, lit: WallDisplay
) -> None:
    hours = value_of(HOURS, calendar.local_day(timezone.now()))
    assert lit.ends_at - lit.opened_at == timedelta(hours=hours)
    assert said(screen) == 200
    gone = WallDisplay(
        **{
            **WallDisplay.objects.filter(pk=lit.pk).values()[0],
            "id": new_id(),
            "opened_at": lit.opened_at - timedelta(hours=hours),
            "ends_at": lit.opened_at,
        }
    )
    gone.save(force_insert=True)
    assert displays.show(gone.id, "") is None


def test_put_out_at_the_desk_it_is_dark_at_once(screen: Client, county: Place) -> None:
    row = WallDisplay.objects.get()
    address = reverse("referral:end_display", args=[row.id])
    assert as_actor(county.desk).post(address).status_code == 302
    assert said(screen) == 401
    ended = screen.get(SCREEN)
    assert ended.headers["Location"] == reverse("referral:wall_ended")
    assert as_actor(county.desk).post(address).status_code == 409


def test_who_leaves_the_post_leaves_no_wall_behind(
    screen: Client, county: Place
) -> None:
    post, practitioner = county.desk.post_id, county.desk.practitioner_id
    assert post is not None
    assert practitioner is not None
    handlers.give_back_work(PostLeft(post, practitioner, county.id))
    assert said(screen) == 401
    assert WallDisplay.objects.get().ended_by is None


@pytest.mark.parametrize("held", ["", "no signature", f"{UUID(int=1)}:1abc:forged"])
def test_a_cookie_made_elsewhere_opens_nothing(lit: WallDisplay, held: str) -> None:
    client = Client()
    client.cookies[COOKIE] = held
    assert said(client) == 401


def test_the_cookie_is_only_for_the_wall(screen: Client) -> None:
    held = screen.cookies[COOKIE]
    assert held["path"] == reverse("referral:wall")
    assert held["httponly"]
    assert held["samesite"] == "Strict"


# --- written down -----------------------------------------------------------------


def test_its_opening_and_each_day_leave_one_row(screen: Client) -> None:
    for _again in range(3):
        screen.get(BOARD)
    assert AuditEntry.objects.filter(object_kind="display").count() == 1
    row = WallDisplay.objects.get()
    yesterday = row.shown_on - timedelta(days=1)
    WallDisplay.objects.filter(pk=row.pk).update(shown_on=yesterday)
    for _again in range(3):
        screen.get(BOARD)
    actions = AuditEntry.objects.filter(object_kind="display").order_by("at", "id")
    told = [(entry.action, entry.account_id is None) for entry in actions]
    assert told == [("referral.open_display", False), ("referral.show_display", True)]
    assert actions[1].institution_id == row.institution_id


def test_what_hung_where_is_neither_changed_nor_deleted(lit: WallDisplay) -> None:
    for statement in (
        "UPDATE referral_walldisplay SET ends_at = ends_at + interval '1 day'",
        "DELETE FROM referral_walldisplay",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


# --- who may ----------------------------------------------------------------------


def test_who_may_light_and_put_out_a_wall(
    county: Place, resident: Person, lit: WallDisplay
) -> None:
    both = people.staff(county.institution, Role.REFERRAL_DESK, Role.PHYSICIAN)
    may = {
        "desk": as_actor(county.desk),
        "desk and doctor": as_actor(both),
        "doctor": as_actor(county.doctor),
        "nurse": as_actor(county.nurse),
        "officer": as_authority(Role.OFFICER),
        "resident": as_resident(resident),
        "nobody": Client(),
    }

    def can(client: Client) -> tuple[int, int, int]:
        opened = client.post(reverse("referral:open_display"), {"place": WHERE})
        ended = client.post(reverse("referral:end_display", args=[lit.id]))
        return (
            client.get(reverse("referral:displays")).status_code,
            opened.status_code,
            ended.status_code,
        )

    found = {name: can(client) for name, client in may.items()}
    assert found == {
        "desk": (200, 302, 302),
        "desk and doctor": (200, 302, 409),
        "doctor": (200, 403, 403),
        "nurse": (403, 403, 403),
        "officer": (403, 403, 404),
        "resident": (403, 403, 404),
        "nobody": (302, 302, 302),
    }


def test_another_house_neither_sees_nor_ends_it(
    lit: WallDisplay, stranger: Place
) -> None:
    with pytest.raises(NotFound):
        displays.end_display(stranger.desk, lit.id)
    assert WHERE not in words(as_actor(stranger.desk).get(reverse("referral:displays")))


def test_a_form_sent_twice_lights_one_wall(county: Place) -> None:
    key = new_id()
    one = displays.open_display(county.desk, key=key, place=WHERE)
    assert displays.open_display(county.desk, key=key, place=WHERE) == one


def test_a_house_has_no_more_walls_than_it_can_watch(county: Place) -> None:
    for number in range(MOST):
        displays.open_display(county.desk, key=new_id(), place=f"{number} 号")
    with pytest.raises(Conflict, match="停止不用的"):
        displays.open_display(county.desk, key=new_id(), place=WHERE)


@pytest.mark.parametrize("place", ["", "   ", "台" * 31])
def test_where_it_hangs_is_said(county: Place, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        displays.open_display(county.desk, key=new_id(), place=place)
    assert set(refused.value.fields) == {"place"}


def test_a_refused_form_comes_back_with_its_words(county: Place) -> None:
    answer = as_actor(county.desk).post(reverse("referral:open_display"), {"place": ""})
    assert answer.status_code == 422
    assert "请写明大屏挂在哪里" in plain(answer)


def test_only_the_office_is_told_so_in_words(county: Place) -> None:
    with pytest.raises(NotPermitted, match="转诊办公室"):
        displays.open_display(county.doctor, key=new_id(), place=WHERE)


def test_the_list_says_what_is_lit_and_what_went_out(
    county: Place, lit: WallDisplay
) -> None:
    client = as_actor(county.desk)
    assert "停止显示" in plain(client.get(reverse("referral:displays")))
    displays.end_display(county.desk, lit.id)
    page: Any = client.get(reverse("referral:displays"))
    assert "已停止" in plain(page)
    assert "停止显示" not in plain(page)


def test_the_wall_of_a_house_is_its_own(stranger: Place, waiting: Referral) -> None:
    row = displays.open_display(stranger.desk, key=new_id(), place=WHERE)
    found = displays.show(row.id, "")
    assert found is not None
    assert not Referral.objects.visible_to(found[1]).exists()
