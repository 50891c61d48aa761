"""Many at once: a preview that says why not, and each row for itself."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from yilian.care.referral.models import FollowUp, Referral, Reminder
from yilian.care.referral.rules.bulk import Act
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import bulk, closing, receiving
from yilian.care.referral.services.bulk import Chosen, Wanted
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_authority,
    as_resident,
    plain,
    said,
    words,
)
from yilian.care.referral.tests.world import Place, World
from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.notify.models import Notice
from yilian.foundation.outbox.models import OutboxMessage
from yilian.kernel.errors import Invalid
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(township: Place, county: Place, resident: Person) -> list[Referral]:
    """Two that wait, and one that is accepted."""
    persons = [resident, *(region.contracted(township, n) for n in ("马文", "丁兰"))]
    hops = [region.submitted(township, county, who) for who in persons]
    receiving.accept(county.desk, hops[2].id)
    return hops


def rows_of(hops: list[Referral]) -> list[Chosen]:
    return [Chosen(hop.id) for hop in hops]


def asking(county: Place) -> Wanted:
    return Wanted(Act.ASK, words="请补充心电图")


# --- foreseen -----------------------------------------------------------------------


def test_a_preview_says_what_will_happen_or_why_not_and_changes_nothing(
    county: Place, three: list[Referral]
) -> None:
    audited, sent = AuditEntry.objects.count(), OutboxMessage.objects.count()
    outcomes = bulk.foresee(county.desk, rows_of(three), asking(county))
    assert [one.is_good for one in outcomes] == [True, True, False]
    assert said(outcomes[0].words) == "将请望远镇卫生院补充资料，应答计时暂停"
    assert "转诊单当前为“已接收”，不能询问" in said(outcomes[2].words)
    states = Referral.objects.order_by("created_at").values_list("state", flat=True)
    assert list(states) == ["submitted", "submitted", "accepted"]
    assert (AuditEntry.objects.count(), OutboxMessage.objects.count()) == (
        audited,
        sent,
    )


def test_what_was_foreseen_is_what_happens(
    county: Place, three: list[Referral]
) -> None:
    rows, wanted = rows_of(three), asking(county)
    foreseen = [one.is_good for one in bulk.foresee(county.desk, rows, wanted)]
    done = bulk.carry_out(county.desk, rows, wanted, key=new_id())
    assert [one.is_good for one in done] == foreseen
    states = Referral.objects.order_by("created_at").values_list("state", flat=True)
    assert list(states) == ["info_requested", "info_requested", "accepted"]


# --- done -----------------------------------------------------------------------------


def test_each_row_has_its_own_audit_row_also_the_refused_one(
    county: Place, three: list[Referral]
) -> None:
    bulk.carry_out(county.desk, rows_of(three), asking(county), key=new_id())
    done = AuditEntry.objects.filter(action="referral.request_info")
    assert {row.object_id for row in done} == {three[0].id, three[1].id}
    [refused] = AuditEntry.objects.filter(action="referral.ask")
    assert (refused.outcome, refused.object_id) == ("refused", three[2].id)


def test_the_same_form_sent_twice_does_each_row_once(
    township: Place, three: list[Referral]
) -> None:
    rows, key = rows_of(three[:2]), new_id()
    one = bulk.carry_out(township.doctor, rows, Wanted(Act.NUDGE), key=key)
    two = bulk.carry_out(township.doctor, rows, Wanted(Act.NUDGE), key=key)
    assert [o.is_good for o in one] == [o.is_good for o in two] == [True, True]
    assert Reminder.objects.count() == 2


def test_a_row_that_somebody_changed_meanwhile_is_left(
    county: Place, three: list[Referral]
) -> None:
    stale = [Chosen(three[0].id, three[0].revision - 1), Chosen(three[1].id)]
    outcomes = bulk.carry_out(county.desk, stale, asking(county), key=new_id())
    assert [one.is_good for one in outcomes] == [False, True]
    assert "刚被他人更新" in said(outcomes[0].words)


def test_many_are_given_to_a_department_and_its_doctor(
    county: Place, three: list[Referral]
) -> None:
    wanted = Wanted(Act.ASSIGN, county.ward.id, county.doctor.post_id)
    bulk.carry_out(county.desk, rows_of(three), wanted, key=new_id())
    given = Referral.objects.values_list("to_department", "assigned_to")
    assert set(given) == {(county.ward.id, county.doctor.post_id)}


def test_the_call_is_recorded_only_where_one_is_due(
    county: Place, three: list[Referral]
) -> None:
    receiving.mark_no_show(county.desk, three[2].id)
    wanted = Wanted(Act.CALL, words="家属说明天到")
    outcomes = bulk.carry_out(county.desk, rows_of(three), wanted, key=new_id())
    assert [one.is_good for one in outcomes] == [False, False, True]
    assert said(outcomes[0].words) == "没有待办的电话联系。"
    assert FollowUp.objects.get().outcome == "家属说明天到"


def test_no_more_than_a_handful_at_once(county: Place) -> None:
    rows = [Chosen(new_id()) for _n in range(61)]
    with pytest.raises(Invalid, match="一次最多处理 60 张"):
        bulk.carry_out(county.desk, rows, asking(county), key=new_id())


def test_what_is_out_of_sight_is_not_found(
    stranger: Place, three: list[Referral]
) -> None:
    outcomes = bulk.foresee(stranger.desk, rows_of(three), Wanted(Act.PRINT))
    assert {said(one.words) for one in outcomes} == {"没有找到，或不在您可见的范围内。"}


@pytest.mark.parametrize(
    ("who", "assign", "nudge", "ask"),
    [
        pytest.param(lambda w: w.county.desk, True, False, True, id="接收方转诊办"),
        pytest.param(lambda w: w.county.doctor, False, False, True, id="接收方医师"),
        pytest.param(lambda w: w.county.nurse, False, False, False, id="接收方护士"),
        pytest.param(lambda w: w.township.desk, False, True, False, id="转出方转诊办"),
        pytest.param(lambda w: w.township.doctor, False, True, False, id="转出方医师"),
        pytest.param(lambda w: w.village.doctor, False, False, False, id="无关机构"),
    ],
)
def test_who_may_do_what_with_many(
    world: World,
    three: list[Referral],
    who: Callable[[World], Actor],
    assign: bool,
    nudge: bool,
    ask: bool,
) -> None:
    """The own desk has nobody to remind yet: no doctor is named."""
    actor, row = who(world), rows_of(three[:1])

    def may(wanted: Wanted) -> bool:
        return bulk.foresee(actor, row, wanted)[0].is_good

    assert may(Wanted(Act.ASSIGN, world.county.ward.id)) is assign
    assert may(Wanted(Act.NUDGE)) is nudge
    assert may(Wanted(Act.ASK, words="？")) is ask


# --- pages --------------------------------------------------------------------------


def choose(client: Client, **told: str) -> Any:
    return client.get(reverse("referral:bulk"), told)


def send(client: Client, page: str, act: Act, hops: list[Referral], **told: str) -> Any:
    facts = {"side": "to", "act": act.value, "row": [str(hop.id) for hop in hops]}
    return client.post(reverse(f"referral:{page}"), facts | told)


def test_choosing_previewing_and_doing_without_script(
    county: Place, three: list[Referral]
) -> None:
    client = as_actor(county.desk)
    page = choose(client)
    assert words(page).count('name="row"') == 2
    assert "checked" not in words(page)
    assert words(choose(client, all="1")).count(" checked") == 2
    shown = send(client, "bulk_preview", Act.ASK, three)
    assert "选了 3 张，可以处理 2 张" in plain(shown)
    assert words(shown).count('name="row"') == 2, "only those that can are sent on"
    done = send(
        client, "bulk_do", Act.ASK, three[:2], words="请补充心电图",
        idempotency_key=str(new_id()),
    )  # fmt: skip
    assert "处理了 2 张，未处理 0 张" in plain(done)


def test_a_form_to_be_mended_keeps_what_was_chosen_and_typed(
    county: Place, three: list[Referral]
) -> None:
    answer = send(as_actor(county.desk), "bulk_do", Act.ASK, three[:2], words=" ")
    assert answer.status_code == 422
    assert words(answer).count('name="row"') == 2
    assert Referral.objects.filter(state=State.INFO_REQUESTED).count() == 0


def test_nothing_chosen_is_said_on_the_list(county: Place, waiting: Referral) -> None:
    answer = send(as_actor(county.desk), "bulk_preview", Act.NUDGE, [])
    assert answer.status_code == 422
    assert "请至少选择一张转诊单" in plain(answer)


def test_the_list_is_printed_and_whom_it_shows_is_written_down(
    county: Place, three: list[Referral]
) -> None:
    answer = send(as_actor(county.desk), "bulk_do", Act.PRINT, three)
    assert all(hop.number in words(answer) for hop in three)
    look = AuditEntry.objects.get(action="referral.print_list")
    assert look.detail["rows"] == 3


def test_the_list_of_what_was_sent_offers_only_what_a_sender_may(
    township: Place, three: list[Referral]
) -> None:
    client = as_actor(township.doctor)
    page = words(choose(client, side="from"))
    assert 'value="nudge"' in page
    assert 'value="assign"' not in page
    assert send(client, "bulk_preview", Act.ASK, three, side="from").status_code == 404


def test_the_empty_list_says_so(county: Place) -> None:
    assert "这里没有转诊" in plain(choose(as_actor(county.desk)))


@pytest.mark.parametrize("page", ["bulk_preview", "bulk_do"])
@pytest.mark.parametrize(
    "told",
    [{"side": "x", "act": "ask"}, {"side": "to", "act": "x"}, {}],
    ids=["side", "act", "nothing"],
)
def test_what_no_page_of_ours_sends_is_not_found(
    county: Place, page: str, told: dict[str, str]
) -> None:
    client = as_actor(county.desk)
    assert client.post(reverse(f"referral:{page}"), told).status_code == 404


def test_spoilt_rows_are_passed_over(county: Place, waiting: Referral) -> None:
    client = as_actor(county.desk)
    rows = ["x", EVIL, f"{waiting.id}:{'9' * 30}", str(waiting.id)]
    facts = {"side": "to", "act": "print", "row": rows}
    answer = client.post(reverse("referral:bulk_preview"), facts)
    assert "选了 1 张，可以处理 1 张" in plain(answer)


def test_only_clinicians_and_desks_have_these_pages(
    county: Place, resident: Person
) -> None:
    people.staff(county.institution, Role.CONSORTIUM_OFFICE)
    for client in (as_actor(county.nurse), as_authority(Role.OFFICER),
                   as_resident(resident)):  # fmt: skip
        assert choose(client).status_code == 403
    assert Client().get(reverse("referral:bulk")).status_code == 302


def test_a_reminder_to_many_leaves_one_notice_each(
    township: Place, county: Place, three: list[Referral]
) -> None:
    bulk.carry_out(township.desk, rows_of(three[:2]), Wanted(Act.NUDGE), key=new_id())
    desk = Notice.objects.filter(institution_id=county.id, template__contains="催办")
    assert desk.count() == 2
    assert closing.run_clocks() == 0


def test_a_long_list_costs_the_same_few_questions(
    county: Place, three: list[Referral], django_assert_max_num_queries: Any
) -> None:
    client = as_actor(county.desk)
    choose(client)
    with django_assert_max_num_queries(12):
        choose(client)
