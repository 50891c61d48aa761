"""Who hears of a draft: those who may take the next step, and its author; once."""

from uuid import UUID

import pytest
from django.urls import reverse

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.notify.models import Notice
from yilian.foundation.notify.queries import inbox
from yilian.foundation.outbox.models import OutboxMessage
from yilian.insurance.policy import policies, queries
from yilian.insurance.policy.models import ParameterDraft, ParameterSetVersion
from yilian.insurance.policy.queries.deciding import deciders
from yilian.insurance.policy.rules.toml_text import as_toml
from yilian.insurance.policy.services import drafting, releasing
from yilian.insurance.policy.tests.cast import bureau, hospital
from yilian.insurance.policy.tests.test_drafting import RATIO
from yilian.kernel.errors import Conflict, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import PractitionerRole

pytestmark = pytest.mark.django_db


def changed(author: Actor, draft_id: UUID, ratio: str = "0.65") -> int:
    row = ParameterDraft.objects.get(pk=draft_id)
    return drafting.change_values(
        author, draft_id, revision=row.revision, values={RATIO: ratio}
    ).revision


def told(actor: Actor) -> list[str]:
    """What stands in the inbox, the newest first."""
    return [str(line.words) for line in inbox(actor).lines]


def test_a_draft_with_values_of_its_own_is_told_to_those_who_may_review_it(
    author: Actor, second: Actor, draft_id: UUID
) -> None:
    assert told(second) == []
    others = [
        bureau(area="640100"), bureau(area="150000"), bureau(Role.PRICING),
        hospital(Role.FINANCE),
    ]  # fmt: skip
    changed(author, draft_id)
    assert told(second) == [
        "参数草案 NX-DEMO-2018 v2（拟自 2027-01-01 生效）已起草，请复核。"
    ]
    assert inbox(second).lines[0].link == reverse("policy:draft", args=[draft_id])
    assert [told(actor) for actor in (author, *others)] == [[]] * 5


def test_each_hears_of_a_step_once_and_open_pages_are_woken_once(
    author: Actor, second: Actor, draft_id: UUID
) -> None:
    third = bureau()
    for ratio in ("0.65", "0.66", "0.67"):
        changed(author, draft_id, ratio)
    assert len(told(second)) == len(told(third)) == 1
    assert OutboxMessage.objects.filter(kind="NoticePosted").count() == 2


def test_a_file_is_ready_when_it_is_read_and_sent_twice_is_told_once(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    key, content = new_id(), as_toml(queries.version(base.pk)).encode()
    first = drafting.upload(author, key=key, content=content)
    assert drafting.upload(author, key=key, content=content) == first
    assert len(told(second)) == 1
    assert told(author) == []


def test_what_was_reviewed_is_told_to_those_who_may_release_it(
    author: Actor, second: Actor, draft_id: UUID
) -> None:
    third = bureau()
    releasing.review(second, draft_id, revision=1)
    for actor in (second, third):
        assert told(actor) == [
            "参数草案 NX-DEMO-2018 v2（拟自 2027-01-01 生效）已复核，请发布。"
        ]
    assert told(author) == []


def test_its_author_hears_of_the_release(
    author: Actor, second: Actor, draft_id: UUID
) -> None:
    releasing.review(second, draft_id, revision=1)
    releasing.release(second, draft_id, revision=1)
    assert told(author) == [
        "您起草的参数 NX-DEMO-2018 v2 已发布，自 2027-01-01 起生效。"
    ]
    with pytest.raises(Conflict):
        releasing.release(second, draft_id, revision=1)
    assert len(told(author)) == 1


def test_its_author_hears_that_it_was_sent_back(
    author: Actor, second: Actor, draft_id: UUID
) -> None:
    releasing.reject(second, draft_id, because="文号有误")
    assert told(author) == [
        "您起草的参数草案 NX-DEMO-2018 v2（拟自 2027-01-01 生效）被退回，请查看原因。"
    ]
    assert told(second) == []


def test_who_takes_the_own_draft_back_is_told_nothing(
    author: Actor, second: Actor, draft_id: UUID
) -> None:
    releasing.reject(author, draft_id, because="另起一份")
    assert told(author) == told(second) == []


def test_a_refused_step_tells_nobody(author: Actor, draft_id: UUID) -> None:
    with pytest.raises(NotPermitted):
        releasing.review(author, draft_id, revision=1)
    assert not Notice.objects.exists()


def test_a_city_hears_of_its_own_draft_and_so_does_the_region(
    author: Actor, base: ParameterSetVersion
) -> None:
    """As the policy says of everybody at work: one rule for steps and notices."""
    actors = [
        author, bureau(), bureau(area="640100"), bureau(area="640300"),
        bureau(area="150000"), bureau(Role.PRICING), bureau(Role.OFFICER),
        hospital(Role.FINANCE),
    ]  # fmt: skip
    mine = UUID(str(author.account_id))
    for area, count in (("64", 1), ("6401", 2), ("6403", 2), ("15", 1)):
        may = {
            actor.account_id
            for actor in actors
            if policies.can_decide(actor, area, drafted_by=mine)
        }
        found = deciders(area, drafted_by=mine)
        assert set(found) == may
        assert len(found) == count


def test_whoever_has_left_is_told_nothing(
    author: Actor, second: Actor, draft_id: UUID
) -> None:
    PractitionerRole.objects.filter(account_id=str(second.account_id)).update(
        left_at="2026-01-01T00:00Z"
    )
    changed(author, draft_id)
    assert not Notice.objects.exists()
