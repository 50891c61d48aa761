"""Papers with a hand-over: who adds, who opens when, how they are taken back."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from pytest_django import Settings

from yilian.care.referral.models import Attachment, Referral
from yilian.care.referral.queries.attachments import papers_of, titles_of
from yilian.care.referral.rules.attachments import (
    MOST_PAPERS,
    MOST_TOGETHER,
    PaperKind,
    Part,
    Standing,
)
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import attaching, chasing, receiving, sending
from yilian.care.referral.services.attaching import Paper
from yilian.care.referral.services.next_hospital import ask_next
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import FEEDBACK, Place, World
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.files.models import StoredFile
from yilian.foundation.files.queries import open_plain
from yilian.foundation.files.rules.checking import NotAccepted
from yilian.foundation.files.tests import samples
from yilian.kernel.errors import Conflict, DomainError, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.record.queries.reading import resources_of
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.YILIAN_DATA = tmp_path
    return tmp_path


def add(
    actor: Actor,
    hop: Referral,
    data: bytes = b"",
    *,
    part: Part = Part.HANDOVER,
    name: str = "心电图.pdf",
    **facts: Any,
) -> Attachment:
    data = data or samples.pdf(words=f"{new_id()}")
    paper = Paper(
        part=part,
        kind=facts.pop("kind", PaperKind.REPORT),
        title=facts.pop("title", ""),
        name=name,
        size=len(data),
        source=io.BytesIO(data),
    )
    return attaching.attach(actor, hop.id, paper, key=facts.pop("key", new_id()))


def may_open(actor: Actor, paper: Attachment) -> str:
    try:
        attaching.open_attachment(actor, paper.id)
    except NotFound:
        return "unknown"
    except NotPermitted:
        return "title"
    return "open"


def in_record(paper: Attachment) -> dict[str, Any] | None:
    found = resources_of(
        people_system(), paper.referral.person_id, ["DocumentReference"]
    )
    return next((held.body for held in found if held.id == str(paper.id)), None)


def people_system() -> Actor:
    return region.SYSTEM


# --- adding -----------------------------------------------------------------------


def test_a_paper_is_kept_under_its_title_and_opens_as_it_was(
    township: Place, county: Place, resident: Person
) -> None:
    hop = region.drafted(township, county, resident)
    data = samples.png(20, 10)
    paper = add(township.doctor, hop, data, name="胸片 正位.PNG", kind=PaperKind.IMAGE)
    assert (paper.title, paper.kind) == ("胸片 正位", "image")
    opened = attaching.open_attachment(township.doctor, paper.id)
    assert open_plain(opened.file).read() == data
    row = AuditEntry.objects.get(action="referral.open_attachment")
    assert (row.object_id, row.person_id) == (paper.id, resident.id)
    assert row.ground == "contract"
    assert row.grant_id is not None


def test_a_draft_tells_the_record_nothing_until_it_is_sent(
    township: Place, county: Place, resident: Person
) -> None:
    hop = region.drafted(township, county, resident)
    paper = add(township.doctor, hop)
    assert in_record(paper) is None
    sending.submit(township.doctor, hop.id, consent_by="self")
    told = in_record(paper)
    assert told is not None
    assert told["status"] == "current"
    [content] = told["content"]
    assert content["attachment"]["url"] == f"/referrals/attachments/{paper.id}"
    assert told["context"]["related"] == [{"reference": f"ServiceRequest/{hop.id}"}]
    assert told["type"]["text"] == "检查报告"


def test_after_it_is_sent_a_paper_stands_in_the_record_at_once(
    township: Place, waiting: Referral
) -> None:
    assert in_record(add(township.doctor, waiting)) is not None


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("../../etc/passwd.pdf", "../../etc/passwd"),
        ("a\x00b.pdf", "检查报告"),
        ("\u202egnp.pdf", "检查报告"),
        (".pdf", ".pdf"),
        ("", "检查报告"),
        ("长" * 400 + ".pdf", "长" * 120),
        ("  两个  空格 .pdf", "两个 空格"),
    ],
)
def test_a_file_name_is_at_most_a_title(
    name: str, title: str, township: Place, waiting: Referral, folder: Path
) -> None:
    paper = add(township.doctor, waiting, name=name)
    assert paper.title == title
    [path] = [p for p in (folder / "files").rglob("*") if p.is_file()]
    assert path.name == paper.file.id.hex


def test_a_title_with_control_characters_is_refused_at_its_field(
    township: Place, waiting: Referral
) -> None:
    with pytest.raises(Invalid) as refusal:
        add(township.doctor, waiting, title="报告\x00")
    assert set(refusal.value.fields) == {"title"}
    assert not StoredFile.objects.exists()


def test_the_same_file_comes_once(township: Place, waiting: Referral) -> None:
    data = samples.pdf()
    add(township.doctor, waiting, data)
    with pytest.raises(NotAccepted, match="已经添加过"):
        add(township.doctor, waiting, data, name="另一个名字.pdf")
    assert Attachment.objects.count() == StoredFile.objects.count() == 1


def test_the_same_form_sent_twice_adds_it_once(
    township: Place, waiting: Referral, folder: Path
) -> None:
    key, data = new_id(), samples.pdf()
    one = add(township.doctor, waiting, data, key=key)
    two = add(township.doctor, waiting, data, key=key)
    assert one.id == two.id
    assert len([p for p in (folder / "files").rglob("*") if p.is_file()]) == 1


def test_a_refused_file_leaves_neither_row_nor_bytes(
    township: Place, waiting: Referral, folder: Path
) -> None:
    for data in (b"", samples.HTML, samples.pdf(0), samples.HEIC):
        paper = Paper(
            Part.HANDOVER, PaperKind.OTHER, "", "x.pdf", len(data), io.BytesIO(data)
        )
        with pytest.raises(NotAccepted):
            attaching.attach(township.doctor, waiting.id, paper, key=new_id())
    assert not Attachment.objects.exists()
    assert not [p for p in (folder / "files").rglob("*") if p.is_file()]


def test_there_is_a_most_of_papers_and_of_bytes(
    township: Place, waiting: Referral, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {MOST_PAPERS.name: 2, MOST_TOGETHER.name: 1}
    monkeypatch.setattr(attaching, "value_of", lambda key, day: limits[key.name])
    add(township.doctor, waiting)
    with pytest.raises(NotAccepted, match="合计最多 1 MB"):
        add(township.doctor, waiting, samples.jpeg() + bytes(1_000_000), name="a.jpg")
    add(township.doctor, waiting)
    with pytest.raises(NotAccepted, match="最多 2 份"):
        add(township.doctor, waiting)


@pytest.mark.parametrize("state", State)
def test_papers_are_added_while_the_patient_is_under_way(
    state: State, township: Place, county: Place, waiting: Referral
) -> None:
    """By the sender until care ends, by the receiver once the patient is there."""
    waiting.state = state.value
    is_over = state not in (
        "draft", "submitted", "info_requested", "accepted", "scheduled", "departed",
        "arrived", "no_show", "in_care", "feedback_due", "cancel_requested",
    )  # fmt: skip
    waiting.closed_at = waiting.submitted_at if is_over else None
    waiting.save()

    def works(place: Place, part: Part) -> bool:
        region.seen_by(place, waiting.person)
        try:
            add(place.doctor, waiting, part=part)
        except (Conflict, NotFound):
            return False
        return True

    assert works(township, Part.HANDOVER) is (
        state in ("draft", "submitted", "info_requested", "accepted", "scheduled",
                  "departed", "no_show", "arrived", "in_care")
    )  # fmt: skip
    assert works(county, Part.FEEDBACK) is (
        state in ("arrived", "in_care", "feedback_due", "completed")
    )


@pytest.mark.parametrize(
    ("who", "handover", "feedback"),
    [
        ("township doctor", "yes", "403"),
        ("township desk", "yes", "403"),
        ("township nurse", "yes", "403"),
        ("county doctor", "403", "yes"),
        ("county desk", "403", "yes"),
        ("county nurse", "403", "yes"),
        ("tertiary doctor", "404", "404"),
        ("stranger doctor", "404", "404"),
        ("county insurer", "403", "403"),
        ("county pharmacist", "403", "403"),
        ("resident", "403", "403"),
        ("auditor", "404", "404"),
    ],
)
def test_who_may_add(who: str, handover: str, feedback: str, world: World) -> None:
    hop = region.arrived(world.township, world.county, world.resident)
    actor = somebody(world, who)
    for part, expected in ((Part.HANDOVER, handover), (Part.FEEDBACK, feedback)):
        try:
            add(actor, hop, part=part)
            found = "yes"
        except DomainError as refusal:
            found = str(refusal.status)
        assert found == expected, part


def somebody(world: World, who: str) -> Actor:
    place, _space, post = who.partition(" ")
    if who == "resident":
        return Actor(
            account_id=people.account("resident").id,
            reach=Reach.SELF,
            roles=frozenset({Role.RESIDENT}),
            person_ids=frozenset({world.resident.id}),
        )
    if who == "auditor":
        return Actor(
            account_id=new_id(),
            reach=Reach.AUDIT,
            roles=frozenset({Role.AUDIT_ADMIN}),
        )
    house: Place = getattr(world, place)
    if post in ("insurer", "pharmacist"):
        return people.staff(house.institution, Role(post))
    found: Actor = getattr(house, post)
    return found


# --- opening ----------------------------------------------------------------------

LIFE: dict[str, Callable[[World, Referral], object]] = {
    "draft": lambda world, hop: None,
    "submitted": lambda world, hop: sending.submit(
        world.township.doctor, hop.id, consent_by="self"
    ),
    "accepted": lambda world, hop: receiving.accept(world.county.desk, hop.id),
}


@pytest.mark.parametrize(
    ("who", "draft", "submitted", "accepted", "declined", "withdrawn"),
    [
        ("township doctor", "open", "open", "open", "open", "open"),
        ("township nurse", "open", "open", "open", "open", "open"),
        ("township pharmacist", "open", "open", "open", "open", "open"),
        ("township insurer", "unknown", "unknown", "unknown", "unknown", "unknown"),
        ("county desk", "unknown", "title", "open", "unknown", "unknown"),
        ("county doctor", "unknown", "title", "open", "unknown", "unknown"),
        ("county nurse", "unknown", "title", "open", "unknown", "unknown"),
        ("county insurer", "unknown", "unknown", "unknown", "unknown", "unknown"),
        ("tertiary doctor", "unknown", "unknown", "unknown", "unknown", "unknown"),
        ("stranger doctor", "unknown", "unknown", "unknown", "unknown", "unknown"),
        ("resident", "unknown", "open", "open", "open", "open"),
        ("auditor", "unknown", "unknown", "unknown", "unknown", "unknown"),
    ],
)
def test_summary_first_and_all_on_acceptance(
    who: str, draft: str, submitted: str, accepted: str, declined: str,
    withdrawn: str, world: World,
) -> None:  # fmt: skip
    actor = somebody(world, who)
    sender, desk = world.township.doctor, world.county.desk
    hop = region.drafted(world.township, world.county, world.resident)
    paper = add(sender, hop)
    assert may_open(actor, paper) == draft
    sending.submit(sender, hop.id, consent_by="self")
    assert may_open(actor, paper) == submitted
    receiving.accept(desk, hop.id)
    assert may_open(actor, paper) == accepted

    other = region.drafted(world.township, world.county, world.resident,
                           specialty="neurology")  # fmt: skip
    second = add(sender, other)
    sending.submit(sender, other.id, consent_by="self")
    third_hop = region.drafted(world.township, world.county, world.resident,
                               specialty="surgery")  # fmt: skip
    third = add(sender, third_hop)
    sending.submit(sender, third_hop.id, consent_by="self")
    # The accepted hop's grant would open them; it ends with its own hop.
    sending.mark_error(sender, hop.id, reason_code="wrong_person", note="登记错误")
    receiving.decline(desk, other.id, reason_code="no_bed")
    assert may_open(actor, second) == declined
    sending.withdraw(sender, third_hop.id, reason_code="patient_declined")
    assert may_open(actor, third) == withdrawn


def test_a_declined_house_is_not_told_the_titles(
    township: Place, county: Place, waiting: Referral
) -> None:
    add(township.doctor, waiting, title="CT 报告")
    [before] = papers_of(county.doctor, waiting.id).parts[0].lines
    assert (before.title, before.can_open) == ("CT 报告", False)
    receiving.decline(county.desk, waiting.id, reason_code="no_bed")
    assert papers_of(county.doctor, waiting.id).parts[0].lines == []


def test_who_has_the_whole_record_opens_it_there_and_it_is_written_down(
    township: Place, tertiary: Place, waiting: Referral
) -> None:
    paper = add(township.doctor, waiting)
    region.seen_by(tertiary, waiting.person)
    assert may_open(tertiary.doctor, paper) == "open"
    row = AuditEntry.objects.get(action="referral.open_attachment")
    assert (row.institution_id, row.ground) == (tertiary.id, "presence")


def test_what_the_receiver_adds_goes_back_with_its_report(
    township: Place, county: Place, resident: Person
) -> None:
    hop = region.arrived(township, county, resident)
    paper = add(county.doctor, hop, part=Part.FEEDBACK, kind=PaperKind.DISCHARGE)
    assert in_record(paper) is None
    assert papers_of(township.doctor, hop.id).parts[1].lines == []
    receiving.complete(county.doctor, hop.id, feedback=dict(FEEDBACK))
    assert in_record(paper) is not None
    [line] = papers_of(township.doctor, hop.id).parts[1].lines
    assert line.can_open
    late = add(county.doctor, hop, part=Part.FEEDBACK, title="病理报告")
    assert in_record(late) is not None
    assert [title for title, _kind in titles_of(hop, Part.FEEDBACK)] == [
        "心电图",
        "病理报告",
    ]


# --- taking back -------------------------------------------------------------------


def test_before_it_goes_out_a_paper_is_removed_and_nobody_hears_of_it(
    township: Place, county: Place, resident: Person
) -> None:
    hop = region.drafted(township, county, resident)
    paper = attaching.take_back(township.doctor, add(township.doctor, hop).id)
    assert paper.standing == Standing.REMOVED
    sending.submit(township.doctor, hop.id, consent_by="self")
    assert in_record(paper) is None
    assert papers_of(county.doctor, hop.id).parts[0].lines == []
    assert may_open(township.doctor, paper) == "unknown"


def test_after_it_went_out_it_is_marked_as_an_error_with_a_reason(
    township: Place, county: Place, resident: Person
) -> None:
    hop = region.accepted(township, county, resident)
    paper = add(township.doctor, hop)
    with pytest.raises(Invalid) as refusal:
        attaching.take_back(township.doctor, paper.id)
    assert set(refusal.value.fields) == {"reason"}
    attaching.take_back(township.doctor, paper.id, reason="传错了人")
    told = in_record(paper)
    assert told is not None
    assert told["status"] == "entered-in-error"
    [line] = papers_of(county.doctor, hop.id).parts[0].lines
    assert line.is_in_error
    assert may_open(county.doctor, paper) == "title"
    assert may_open(township.doctor, paper) == "title"
    with pytest.raises(Conflict):
        attaching.take_back(township.doctor, paper.id, reason="再来一次")


def test_when_the_hop_was_an_error_so_are_its_papers(
    township: Place, waiting: Referral
) -> None:
    paper = add(township.doctor, waiting)
    sending.mark_error(township.doctor, waiting.id, reason_code="wrong_person")
    told = in_record(paper)
    assert told is not None
    assert told["status"] == "entered-in-error"
    assert may_open(township.doctor, paper) != "open"


def test_the_same_file_may_come_again_after_it_was_taken_back(
    township: Place, waiting: Referral
) -> None:
    data = samples.pdf()
    paper = add(township.doctor, waiting, data)
    attaching.take_back(township.doctor, paper.id, reason="标题写错")
    assert add(township.doctor, waiting, data, title="心电图").title == "心电图"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("township doctor", "yes"),
        ("township desk", "yes"),
        ("county doctor", "403"),
        ("stranger doctor", "404"),
        ("resident", "403"),
    ],
)
def test_only_the_house_that_added_it_takes_it_back(
    who: str, status: str, world: World
) -> None:
    hop = region.accepted(world.township, world.county, world.resident)
    paper = add(world.township.doctor, hop)
    try:
        attaching.take_back(somebody(world, who), paper.id, reason="传错")
        found = "yes"
    except DomainError as refusal:
        found = str(refusal.status)
    assert found == status


def test_sent_on_the_papers_go_with_the_patient_and_stand_in_the_record_once(
    world: World,
) -> None:
    hop = region.submitted(world.township, world.county, world.resident)
    paper = add(world.township.doctor, hop)
    onward = receiving.redirect(
        world.county.desk,
        hop.id,
        to_institution_id=world.tertiary.id,
        reason_code="needs_higher",
    )
    receiving.accept(world.tertiary.desk, onward.id)
    [line] = papers_of(world.tertiary.doctor, onward.id).parts[0].lines
    assert line.can_open
    copy = Attachment.objects.get(referral=onward)
    assert may_open(world.tertiary.doctor, copy) == "open"
    assert in_record(copy) is None
    attaching.take_back(world.township.doctor, copy.id, reason="传错了人")
    told = in_record(paper)
    assert told is not None
    assert told["status"] == "entered-in-error"
    paper.refresh_from_db()
    assert paper.standing == Standing.IN_ERROR


def test_asking_the_next_hospital_takes_the_papers_along(
    township: Place, county: Place, tertiary: Place, resident: Person
) -> None:
    """The patient agrees to the new hospital: hand-over and papers go whole."""
    hop = region.drafted(township, county, resident, urgency=Urgency.STAT)
    paper, wrong = add(township.doctor, hop), add(township.doctor, hop)
    sending.submit(township.doctor, hop.id, consent_by="self")
    attaching.take_back(township.doctor, wrong.id, reason="传错了人")
    hop.refresh_from_db()
    region.push_back(hop, timedelta(minutes=15))
    chasing.run_ladders()
    onward = ask_next(
        township.doctor,
        hop.id,
        key=new_id(),
        to_institution_id=tertiary.id,
        consent_by="self",
        skip_reason="emergency",
        outside_reason="emergency",
    )
    copy = Attachment.objects.get(referral=onward)
    assert (copy.first_id, copy.digest) == (paper.id, paper.digest)
    assert may_open(county.desk, paper) == "unknown"
    assert may_open(tertiary.desk, copy) == "title"
    receiving.accept(tertiary.desk, onward.id)
    assert may_open(tertiary.desk, copy) == "open"
    assert in_record(copy) is None


def test_a_paper_never_changes_and_never_goes(
    township: Place, waiting: Referral
) -> None:
    add(township.doctor, waiting)
    for statement in (
        "UPDATE referral_attachment SET title = 'x'",
        "DELETE FROM referral_attachment",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_five_at_once_are_five_and_one_five_times_is_one(tmp_path: Path) -> None:
    world = region.make_world()
    hop = region.submitted(world.township, world.county, world.resident)
    same = samples.pdf(words="SAME")

    def one(data: bytes) -> str:
        try:
            return str(add(world.township.doctor, hop, data).id)
        except NotAccepted:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        different = list(pool.map(one, [samples.pdf(words=f"N{n}") for n in range(5)]))
        equal = list(pool.map(one, [same] * 5))
    assert len(set(filter(None, different))) == 5
    assert len(list(filter(None, equal))) == 1
    assert Attachment.objects.count() == 6
