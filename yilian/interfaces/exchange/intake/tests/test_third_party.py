"""Messages that others wrote, and files on a disk."""

from pathlib import Path

import pytest

from yilian.care.referral.models import Referral
from yilian.care.referral.tests.world import World
from yilian.foundation.terminology.models import Concept
from yilian.interfaces.exchange.intake.models import Feed, Received
from yilian.interfaces.exchange.intake.rules import Kind, State
from yilian.interfaces.exchange.intake.services.receiving import Arrival, receive
from yilian.interfaces.exchange.intake.tests.world import letter, make_feed, read_answer
from yilian.interfaces.exchange.serving import load_folder, messages_in

FOLDER = Path(__file__).parents[6] / "shared" / "data" / "hl7v2"
NEEDS_THEM = pytest.mark.skipif(
    not FOLDER.exists(), reason="../shared/data/hl7v2 is not on this machine"
)
FILES = sorted(FOLDER.glob("*.hl7"))
OWN = Path(__file__).parent / "samples"


@pytest.fixture
def everything(world: World) -> Feed:
    """A feed that is allowed whatever the files' commonest sender sends."""
    return make_feed(
        world.township,
        name="ghh",
        application="GHH",
        facility="GHHSFacility",
        kinds=[kind.value for kind in Kind],
        addresses=["127.0.0.1"],
    )


@NEEDS_THEM
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_gets_an_answer_that_makes_sense(everything: Feed, path: Path) -> None:
    raw = path.read_bytes()
    answered = receive(raw, Arrival("127.0.0.1"))
    answer = read_answer(answered)

    assert answer.first("MSA").value(1) == answered.ack
    assert answer.first("MSA").value(3)
    is_referral = path.stem.startswith("REF")
    assert answered.ack == ("AA" if is_referral else "AR")
    assert Received.objects.exists() is is_referral


@NEEDS_THEM
def test_a_foreign_referral_waits_for_a_person_with_all_it_says(
    everything: Feed,
) -> None:
    for path in FOLDER.glob("REF-*.hl7"):
        receive(path.read_bytes(), Arrival("127.0.0.1"))

    rows = Received.objects.all()
    assert {row.state for row in rows} == {State.WAITING}
    for row in rows:
        fields = {problem["field"] for problem in row.problems}
        assert {"to_institution_id", "person_id"} <= fields


@NEEDS_THEM
def test_a_folder_of_messages_is_loaded_and_again_changes_nothing(
    everything: Feed,
) -> None:
    first = load_folder(FOLDER, "ghh", lambda *_parts: None)
    again = load_folder(FOLDER, "ghh", lambda *_parts: None)

    assert first.files == len(FILES)
    assert first.answers["AA"] == again.answers["AA"] == 2
    assert first.refused == again.refused == len(FILES) - 2
    assert Received.objects.count() == 2


@pytest.fixture
def here(world: World) -> World:
    """The codes that our own samples name."""
    house = world.county.institution
    house.code = "640121-XRMYY"
    house.save()
    Concept.objects.get_or_create(
        system="icd10", code="I10.x00", defaults={"edition": "t", "name": "高血压病"}
    )
    return world


@pytest.mark.parametrize("path", sorted(OWN.glob("*.hl7")), ids=lambda path: path.stem)
def test_our_own_samples_become_referrals(here: World, feed: Feed, path: Path) -> None:
    for message in messages_in(path):
        assert receive(message, Arrival("10.1.2.3")).state == State.DONE
    referral = Referral.objects.get()
    assert referral.person_id == here.resident.id
    assert referral.to_institution_id == here.county.id


def test_a_file_may_hold_many_and_their_frames(
    world: World, feed: Feed, tmp_path: Path
) -> None:
    one, two = letter(world), letter(world, control_id="M2", number="ZY-8")
    file = tmp_path / "day.hl7"
    file.write_bytes(b"\x0b" + one.encode() + b"\x1c\r\x0b" + two.encode() + b"\x1c\r")

    assert len(list(messages_in(file))) == 2
    report = load_folder(tmp_path, feed.name, lambda *_parts: None)
    assert report.answers["AA"] == report.answers["AE"] == 1
    assert "已有未办结的转诊" in str(report)
