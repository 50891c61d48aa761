"""From a draft to a release: two people, each in the right order."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import F
from pytest_django import Settings

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.insurance.policy import queries
from yilian.insurance.policy.models import ParameterDraft, ParameterSetVersion
from yilian.insurance.policy.queries.drafts import awaiting, foresee
from yilian.insurance.policy.rules.documents import as_document
from yilian.insurance.policy.rules.files import SetWrong, shipped_set
from yilian.insurance.policy.rules.reading import FileWrong
from yilian.insurance.policy.rules.releases import NoParametersInForce, Span
from yilian.insurance.policy.rules.toml_text import as_toml
from yilian.insurance.policy.services import drafting, releasing
from yilian.insurance.policy.services.releasing import NotACorrection
from yilian.insurance.policy.tests.cast import FROM, bureau, hospital, start
from yilian.insurance.policy.tests.releases import make_released
from yilian.kernel.canonical import canonical_json
from yilian.kernel.errors import Conflict, DomainError, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db
RATIO = "inpatient.ratio.resident.any.tertiary"


class Settled:
    """Stands for the settlements of the module above."""

    asked: Sequence[Span] = ()

    def count(self, area_code: str, days: Sequence[Span]) -> int:
        Settled.asked = days
        return sum(span.start < date(2026, 11, 1) for span in days) * 7


def change(author: Actor, draft_id: UUID, **values: str) -> ParameterDraft:
    row = ParameterDraft.objects.get(pk=draft_id)
    told = {path.replace("__", "."): value for path, value in values.items()}
    return drafting.change_values(
        author, draft_id, revision=row.revision, values=told or {RATIO: "0.65"}
    )


def released_by_two(
    author: Actor, second: Actor, draft_id: UUID
) -> ParameterSetVersion:
    row = ParameterDraft.objects.get(pk=draft_id)
    releasing.review(second, draft_id, revision=row.revision)
    return releasing.release(second, draft_id, revision=row.revision)


def test_a_changed_ratio_takes_effect_on_its_day_and_not_before(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    draft_id = start(author, base)
    change(author, draft_id)
    row = released_by_two(author, second, draft_id)
    assert (row.set_id, row.version, row.number) == ("NX-DEMO-2018", "2", 2)
    before = queries.released(date(2026, 12, 31)).on(date(2026, 12, 31))
    after = queries.released(FROM).on(FROM)
    key = ("inpatient.ratio", "resident", "any", "tertiary")
    assert before.value(*key) == Decimal("0.60")
    assert after.value(*key) == Decimal("0.65")
    assert after.reference(*key).source == "宁医保发〔2026〕1号"
    assert queries.released(FROM).on(date(2026, 12, 31)).value(*key) == Decimal("0.60")
    acts = AuditEntry.objects.filter(action__startswith="parameters.")
    assert [a.action for a in acts.order_by("id")][-4:] == [
        "parameters.draft", "parameters.change", "parameters.review",
        "parameters.release",
    ]  # fmt: skip


def test_two_people_are_needed(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    draft_id = start(author, base)
    with pytest.raises(NotPermitted, match="另一人"):
        releasing.review(author, draft_id, revision=1)
    with pytest.raises(Conflict, match="草案"):
        releasing.release(second, draft_id, revision=1)
    releasing.review(second, draft_id, revision=1)
    with pytest.raises(NotPermitted):
        releasing.release(author, draft_id, revision=1)
    assert awaiting(second) == 1
    assert awaiting(author) == 0
    releasing.release(bureau(), draft_id, revision=1)


def test_the_database_itself_refuses_one_pair_of_eyes(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    draft_id = start(author, base)
    drafts = ParameterDraft.objects.filter(pk=draft_id)
    with (
        pytest.raises(IntegrityError, match="reviewed_by_another"),
        transaction.atomic(),
    ):
        drafts.update(reviewed_by=F("drafted_by"))
    with (
        pytest.raises(IntegrityError, match="reviewed_by_somebody"),
        transaction.atomic(),
    ):
        drafts.update(state="reviewed")
    with pytest.raises(IntegrityError, match="is_a_release"), transaction.atomic():
        drafts.update(state="released", reviewed_by=second.account_id)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        drafts.update(drafted_by=second.account_id)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        drafts.delete()
    facts = ParameterSetVersion.objects.filter(pk=base.pk).values().get()
    facts |= {"id": new_id(), "number": 9, "version": "9"}
    facts["released_by_id"] = facts["drafted_by_id"]
    with (
        pytest.raises(IntegrityError, match="released_by_another"),
        transaction.atomic(),
    ):
        ParameterSetVersion.objects.create(**facts)


def test_what_was_reviewed_is_what_is_released(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    draft_id = start(author, base)
    change(author, draft_id)
    with pytest.raises(Conflict, match="又被修改过"):
        releasing.review(second, draft_id, revision=1)
    with pytest.raises(Conflict, match="又被修改过"):
        drafting.change_values(author, draft_id, revision=1, values={RATIO: "0.7"})
    releasing.review(second, draft_id, revision=2)
    with pytest.raises(Conflict, match="不能再修改"):
        change(author, draft_id)
    with pytest.raises(NotPermitted, match="起草人"):
        drafting.change_values(second, draft_id, revision=2, values={RATIO: "0.7"})


def test_a_draft_sent_back_says_why_and_can_be_taken_up_anew(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    draft_id = start(author, base)
    change(author, draft_id)
    with pytest.raises(Invalid) as refused:
        releasing.reject(second, draft_id, because=" ")
    assert set(refused.value.fields) == {"because"}
    assert (
        releasing.reject(second, draft_id, because="三级比例测算不足").state
        == "rejected"
    )
    with pytest.raises(Conflict):
        releasing.review(second, draft_id, revision=2)
    again = drafting.draft_again(second, key=new_id(), draft_id=draft_id)
    row = ParameterDraft.objects.get(pk=again)
    assert (row.version, row.drafted_by_id) == ("3", second.account_id)
    assert row.document["inpatient.ratio"][-1]["effective_from"] == "2027-01-01"


def test_the_same_form_twice_makes_one_draft(
    author: Actor, base: ParameterSetVersion
) -> None:
    key = new_id()
    made = {
        drafting.draft_from(
            author, key=key, version_id=base.pk, effective_from=FROM, title="一",
            source="二",
        )
        for _ in range(2)
    }  # fmt: skip
    assert len(made) == 1


def test_settled_days_are_changed_only_as_a_correction(
    author: Actor, second: Actor, base: ParameterSetVersion, settings: Settings
) -> None:
    settings.YILIAN_SETTLED_DAYS = f"{__name__}.Settled"
    draft_id = start(author, base, date(2026, 7, 1))
    change(author, draft_id)
    releasing.review(second, draft_id, revision=2)
    with pytest.raises(NotACorrection, match=r"有 7 笔结算.*2026-07-01"):
        releasing.release(second, draft_id, revision=2)
    with pytest.raises(Invalid):
        releasing.release(second, draft_id, revision=2, is_correction=True)
    row = releasing.release(
        second, draft_id, revision=2, is_correction=True, correction_reason="文号抄错"
    )
    assert row.is_correction
    assert queries.released(date(2026, 7, 1)).version == "2"
    assert Settled.asked == [Span(date(2026, 7, 1), None)]


def test_a_release_that_changes_no_settled_day_needs_no_correction(
    author: Actor, second: Actor, base: ParameterSetVersion, settings: Settings
) -> None:
    settings.YILIAN_SETTLED_DAYS = f"{__name__}.Settled"
    same = start(author, base, date(2026, 7, 1))
    releasing.review(second, same, revision=1)
    assert not releasing.release(second, same, revision=1).is_correction
    ahead = start(author, base, FROM)
    change(author, ahead)
    assert not released_by_two(author, second, ahead).is_correction


def test_a_release_holds_until_the_next_one_of_the_area(
    base: ParameterSetVersion,
) -> None:
    make_released("NX-DEMO-2019", date(2019, 1, 1))
    found = foresee("64", date(2018, 6, 1), shipped_set("NX-DEMO-2019"))
    assert found.span == Span(date(2018, 6, 1), date(2019, 1, 1))
    assert found.changed == []
    assert foresee("64", date(2017, 1, 1), shipped_set("NX-DEMO-2019")).settled == 0


@pytest.mark.parametrize(
    ("who", "draft", "decide"),
    [
        (lambda: bureau(), None, None),
        (lambda: bureau(area="640100"), None, NotPermitted),
        (lambda: bureau(Role.OFFICER), NotPermitted, NotFound),
        (lambda: bureau(Role.PRICING), NotPermitted, NotFound),
        (lambda: bureau(Role.SYSTEM_ADMIN), NotPermitted, NotFound),
        (lambda: hospital(Role.FINANCE), NotPermitted, NotFound),
        (lambda: hospital(Role.PHYSICIAN), NotPermitted, NotFound),
    ],
    ids=["region", "city", "officer", "pricing", "admin", "finance", "physician"],
)
def test_who_may_do_what_with_regional_parameters(
    who: Callable[[], Actor],
    draft: type[DomainError] | None,
    decide: type[DomainError] | None,
    author: Actor,
    base: ParameterSetVersion,
) -> None:
    actor = who()
    waiting = start(author, base)
    assert outcome(lambda: start(actor, base)) is draft
    assert outcome(lambda: releasing.review(actor, waiting, revision=1)) is decide
    if decide is None:
        waiting = start(author, base)
    assert outcome(lambda: releasing.reject(actor, waiting, because="不妥")) is decide


def test_a_city_keeps_its_own_set_and_another_city_does_not_see_it(
    base: ParameterSetVersion,
) -> None:
    author, second = bureau(area="640100"), bureau(area="640100")
    draft_id = start(author, base, area_code="6401")
    with pytest.raises(NotFound):
        releasing.review(bureau(area="640200"), draft_id, revision=1)
    released_by_two(author, second, draft_id)
    assert queries.released(FROM, "640121").version == "2"
    assert queries.released(FROM, "640205").version == "1"


def outcome(act: Callable[[], object]) -> type[DomainError] | None:
    try:
        act()
    except DomainError as refused:
        return type(refused)
    return None


def test_a_file_comes_back_as_a_draft_of_the_next_version(
    author: Actor, base: ParameterSetVersion
) -> None:
    found = queries.version(base.pk)
    for content in (as_toml(found), canonical_json(as_document(found))):
        draft_id = drafting.upload(author, key=new_id(), content=content.encode())
        row = ParameterDraft.objects.get(pk=draft_id)
        kept = {k: v for k, v in row.document.items() if k != "version"}
        assert kept == {k: v for k, v in base.document.items() if k != "version"}
    assert row.version == "3"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"[[[[", "TOML"),
        (b"{", "JSON"),
        (b"[" * 100_000, "TOML"),
        (b'{"id": ' + b"[" * 200 + b"]" * 200 + b"}", "嵌套"),
        (b'{"id": 3}', "缺少"),
        (b"", "缺少"),
        (b"x" * 1_000_001, "1 MB"),
    ],
)
def test_a_bad_upload_is_refused_in_words(
    content: bytes, said: str, author: Actor
) -> None:
    with pytest.raises((FileWrong, SetWrong, Invalid), match=said):
        drafting.upload(author, key=new_id(), content=content)
    assert not ParameterDraft.objects.exists()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (RATIO, "1.2", "不能大于 1"),
        ("inpatient.deductible.resident.any.primary", "-1", "负数"),
        ("inpatient.deductible.resident.any.primary", "1.234", "2 位小数"),
        ("nothing.at.all", "1", "没有这个参数"),
        ("inpatient.ratio.resident", "1", "没有这个参数"),
        ("serious.bands", [{"from": "5", "ratio": "0.6"}], "从 0 开始"),
    ],
)
def test_a_wrong_value_is_told_at_its_path(
    path: str, value: Any, said: str, author: Actor, base: ParameterSetVersion
) -> None:
    draft_id = start(author, base)
    with pytest.raises(SetWrong, match=said) as refused:
        drafting.change_values(author, draft_id, revision=1, values={path: value})
    assert refused.value.problems[0].path == path
    assert ParameterDraft.objects.get(pk=draft_id).revision == 1


def test_no_set_begins_before_its_first_value(
    author: Actor, base: ParameterSetVersion
) -> None:
    with pytest.raises(Invalid) as refused:
        start(author, base, date(2017, 12, 31))
    assert set(refused.value.fields) == {"effective_from"}
    with pytest.raises(NoParametersInForce):
        queries.released_line("15")


@pytest.mark.django_db(transaction=True)
def test_two_releases_at_once_are_one_release(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    draft_id = start(author, base)
    third = bureau()
    releasing.review(second, draft_id, revision=1)
    outcomes = at_once(
        lambda: releasing.release(second, draft_id, revision=1),
        lambda: releasing.release(third, draft_id, revision=1),
    )
    assert set(outcomes) == {None, Conflict}
    assert ParameterSetVersion.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_drafts_released_at_once_stand_in_one_order(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    drafts = [start(author, base), start(author, base)]
    for draft_id in drafts:
        releasing.review(second, draft_id, revision=1)
    outcomes = at_once(
        *(lambda one=one: releasing.release(second, one, revision=1) for one in drafts)
    )
    assert outcomes == [None, None]
    numbers = ParameterSetVersion.objects.values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3]


def at_once(*acts: Callable[[], object]) -> list[type[DomainError] | None]:
    found: list[type[DomainError] | None] = []

    def run(act: Callable[[], object]) -> None:
        try:
            found.append(outcome(act))
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
