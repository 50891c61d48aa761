"""Bad input, races and deaths, against the real processes over plain HTTP."""

import re
import signal
import socket
import threading
import time
from uuid import UUID

import pytest

from journeys.backstage import kill, until
from journeys.conftest import Region
from journeys.faulty import COUNTY, Scene, all_at_once, statuses
from journeys.plain_http import Answer, Visitor
from yilian.kernel.ids import new_id

HUGE = 10**20
TEXTS = (
    "reason", "complaint", "history", "exam", "results", "treatment",
)  # fmt: skip
CODED = (
    "way", "urgency", "care_kind", "specialty", "diagnosis_code", "consent_by",
    "to_institution_id", "skip_reason", "outside_reason", "rule_ids", "parent",
    "idempotency_key", "diagnosis_code_words",
)  # fmt: skip
NASTY = "\0'\";--<script>alert(1)</script>%_\\🩺\x07"


# --- Bad input ----------------------------------------------------------------


def test_ten_megabytes_before_login_are_refused_without_being_read(
    region: Region,
) -> None:
    host, _, port = region.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            b"POST /account/sign-in HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 10485760\r\n\r\nusername=a"
        )  # and not a byte more: whoever waits for the body never answers
        said = line.recv(4096)
    assert b" 413 " in said.splitlines()[0]


def test_a_body_of_unstated_length_does_no_harm(region: Region) -> None:
    host, _, port = region.address.removeprefix("http://").partition(":")
    piece = b"%x\r\n%s\r\n" % (65536, b"a" * 65536)
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(
            b"POST /account/sign-in HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        try:
            for _ in range(160):
                line.sendall(piece)
            line.sendall(b"0\r\n\r\n")
        except OSError:
            return  # hung up on: that is an answer as well
        said = line.recv(4096).splitlines()[0]
    assert re.search(rb" (400|403|411|413) ", said), said


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("\0", 422),
        ("铃\x07声", 422),
        ("\u202e反写", 422),
        ("长" * 5000, 422),
        ("<script>alert(1)</script><b>", 302),
        ("'; DROP TABLE referral_referral; --\"\\", 302),
        ("😀 🩺 𠮷 é\n第二行", 302),
        ("%s {0} {{ 7*7 }} $(id) %(name)s", 302),
    ],
)
def test_free_words_are_refused_in_words_or_kept_and_escaped(
    scene: Scene, value: str, status: int
) -> None:
    at, sheet = scene.case(**dict.fromkeys(TEXTS, value), act="draft")
    answer = scene.gp.post(at, sheet)
    assert answer.status == status
    if status == 422:
        assert 'class="error"' in answer.text or "控制字符" in answer.text
        return
    page = scene.gp.get(answer.location)
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert "49" not in re.findall(r"\{\{.*?\}\}|>\s*49\s*<", page.text)
    kept = scene.backstage.one(
        "SELECT content->>'exam' FROM referral_referral WHERE id = %s",
        UUID(answer.location.rpartition("/")[2]),
    )
    assert kept == value


def test_a_reason_of_513_characters_is_refused_with_the_number(scene: Scene) -> None:
    at, sheet = scene.case(reason="因" * 513)
    answer = scene.gp.post(at, sheet)
    assert (answer.status, "513" in answer.text) == (422, True)


@pytest.mark.parametrize("name", CODED)
def test_a_coded_field_full_of_rubbish_is_no_accident(scene: Scene, name: str) -> None:
    at, sheet = scene.case(act="draft")
    answer = scene.gp.post(at, sheet | {name: NASTY})
    assert answer.status in {302, 422}, answer.text[:2000]
    assert "<script>alert" not in answer.text


def test_a_form_that_is_not_text_at_all_is_no_accident(scene: Scene) -> None:
    at, _sheet = scene.case()
    for body in (b"\xff\xfe\x00\xed\xa0\x80=%ED%A0%80&reason=%FF", b"=&=&&=" * 100):
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        head["X-CSRFToken"] = scene.gp.cookies["yilian_csrf"]
        assert scene.gp.ask("POST", at, body, head).status in {302, 400, 422}


@pytest.mark.parametrize(
    "username", ["county_desk", "auditor", "system_admin", "city_officer", "resident"]
)
def test_an_absurd_place_in_a_list_is_no_accident(scene: Scene, username: str) -> None:
    visitor = scene.visitor(username)
    home = visitor.get(visitor.get("/").location or "/").text
    pages = sorted(set(re.findall(r'href="(/[a-z][^"?#]*)"', home)))
    assert pages, home
    far = f"{HUGE}&offset={HUGE}&page={HUGE}&limit={HUGE}&day=9999-99-99&on=0000-00-00"
    spoilt = "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMHwwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA"  # noqa: E501 the year 1
    for page in pages:
        for query in (far, spoilt, "%00%FF%27"):
            answer = visitor.get(f"{page}?cursor={query}&tab=%00&q=%00%27&from=%00")
            assert answer.status < 500, f"{page}?cursor={query}: {answer.status}"


def test_an_absurd_page_of_the_record_is_no_accident(scene: Scene) -> None:
    doctor = scene.visitor("county_clinician")
    for query in (f"_count={HUGE}", f"_offset={HUGE}", f"_page={HUGE}", "_count=-1"):
        answer = doctor.get(f"/fhir/Observation?patient={new_id()}&{query}")
        assert answer.status in {200, 400, 404, 422}, answer.text


@pytest.mark.parametrize("text", ["%", "_", "%%", "__", "马%", "_\\"])
def test_a_wildcard_in_a_search_finds_nobody(scene: Scene, text: str) -> None:
    answer = scene.gp.post("/residents/", {"text": text})
    assert answer.status in {200, 422}
    assert not re.findall(r"/residents/[0-9a-f-]{36}", answer.text)


def test_a_search_for_rubbish_finds_nobody(scene: Scene) -> None:
    for text in (NASTY, "长" * 2000, "' OR 1=1 --", "😀"):
        answer = scene.gp.post("/residents/", {"text": text, "cursor": str(HUGE)})
        assert answer.status in {200, 422}
        assert not re.findall(r"/residents/[0-9a-f-]{36}", answer.text)


# --- Who may not --------------------------------------------------------------


def test_a_post_of_somebody_not_signed_in_does_nothing(scene: Scene) -> None:
    at = scene.waiting()
    stranger = Visitor(scene.address)
    stranger.get("/account/sign-in")
    whole = stranger.post(f"{at}/accept", {"place": "later"})
    part = stranger.post(f"{at}/accept", {"place": "later"}, htmx=True)
    assert (whole.status, whole.location.startswith("/account/sign-in")) == (302, True)
    assert (part.status, "x-sign-in" in part.headers) == (401, True)
    assert _state(scene, at) == "submitted"


def test_a_form_without_its_token_is_refused_kindly(scene: Scene) -> None:
    at, sheet = scene.case()
    answer = scene.gp.post(at, sheet | {"csrfmiddlewaretoken": "x" * 32})
    assert (answer.status, answer.refusal) == (403, "stale-page")
    assert "刷新页面" in answer.text


def test_a_third_institution_cannot_even_see_that_there_is_something_to_accept(
    scene: Scene,
) -> None:
    at = scene.waiting()
    outsider = scene.visitor("outside_doctor")
    answer = outsider.post(f"{at}/accept", {"place": "later"}, htmx=True)
    assert answer.status == 404
    assert _state(scene, at) == "submitted"


def test_leaving_a_post_locks_the_open_session_at_once(scene: Scene) -> None:
    [(account, username, post)] = scene.backstage.rows(
        "SELECT account.id, account.username, post.id"
        " FROM directory_practitionerrole post"
        " JOIN directory_institution house ON house.id = post.institution_id"
        " JOIN identity_account account ON account.id = post.account_id"
        " WHERE post.left_at IS NULL AND account.is_active AND house.code = %s"
        " AND account.username NOT LIKE '%%\\_%%' LIMIT 1",
        COUNTY,
    )
    admin = scene.visitor("system_admin")
    page = admin.post(f"/institutions/accounts/{account}/password", {})
    assert page.status == 200, page.text
    given = re.search(
        r"data-password[^>]*>([^<]+)<|<code[^>]*>([^<]+)</code>", page.text
    )
    assert given, page.text
    leaver = _signed_in(scene, username, (given[1] or given[2]).strip())
    assert _is_in(leaver)
    assert admin.post(f"/institutions/posts/{post}/leave", {}).status == 302
    assert not _is_in(leaver)


def _is_in(visitor: Visitor) -> bool:
    answer = visitor.get("/")
    return not answer.location.startswith("/account/sign-in")


def _signed_in(scene: Scene, username: str, password: str) -> Visitor:
    visitor = Visitor(scene.address)
    visitor.get("/account/sign-in")
    visitor.post("/account/sign-in", {"username": username, "password": password})
    chosen = "清水河-4821-draft"
    changed = visitor.post(
        "/account/password", {"old": password, "new": chosen, "again": chosen}
    )
    assert changed.status == 302, changed.text
    return visitor


# --- Races --------------------------------------------------------------------


def test_of_two_desks_that_accept_at_once_one_does(scene: Scene) -> None:
    for _ in range(3):
        at = scene.waiting()
        answers = all_at_once([_step(scene, at, "accept", place="later")] * 2)
        assert statuses(answers) == {200: 1, 409: 1}
        [refused] = [answer for answer in answers if answer.status == 409]
        assert "已接收" in refused.text
        assert _steps(scene, at) == ["submit", "accept"]


def test_accepting_and_declining_at_once_does_one_of_them(scene: Scene) -> None:
    for _ in range(3):
        at = scene.waiting()
        accept = _step(scene, at, "accept", place="later")
        decline = _step(scene, at, "decline", reason_code="no_bed")
        assert statuses(all_at_once([accept, decline])) == {200: 1, 409: 1}
        assert _steps(scene, at) in (["submit", "accept"], ["submit", "decline"])


def test_the_same_form_sent_five_times_at_once_is_one_referral(scene: Scene) -> None:
    at, sheet = scene.case()
    windows = [scene.gp.twin() for _ in range(5)]
    answers = all_at_once([lambda w=w: w.post(at, sheet) for w in windows])  # type: ignore[misc]
    assert statuses(answers) == {302: 5}
    [one] = {answer.location for answer in answers}
    scene.written.append(one)
    assert _steps(scene, one) == ["submit"]


def test_a_stale_tab_is_told_so(scene: Scene) -> None:
    at, sheet = scene.case(act="draft")
    made = scene.gp.post(at, sheet).location
    open_tab = scene.gp.get(f"{made}/edit").inputs()
    told = sheet | {"revision": open_tab["revision"]}
    assert scene.gp.post(f"{made}/rewrite", told).status == 302
    late = scene.gp.post(f"{made}/rewrite", told | {"reason": "旧页面"})
    assert (late.status, "刚被他人更新" in late.text) == (409, True)


def test_what_changed_since_the_desk_looked_is_not_accepted_unseen(
    scene: Scene,
) -> None:
    at = scene.waiting()
    page = scene.desk.get(at)
    [seen] = set(re.findall(r"form/accept\?[^\"]*revision=(\d+)", page.text))
    asked = scene.desk.post(f"{at}/request_info", {"question": "心电图？"}, htmx=True)
    told = scene.gp.post(f"{at}/answer_info", {"answer": "见附"}, htmx=True)
    assert (asked.status, told.status) == (200, 200)
    form = scene.desk.get(f"{at}/form/accept?revision={seen}").inputs()
    late = scene.desk.post(f"{at}/accept", form | {"place": "later"}, htmx=True)
    assert (late.status, "刚被他人更新" in late.text) == (409, True)
    assert _state(scene, at) == "submitted"


def test_twice_as_many_writers_as_connections_all_get_an_answer(scene: Scene) -> None:
    cases = [scene.case(act="draft") for _ in range(64)]
    windows = [scene.gp.twin() for _ in cases]
    pulse: list[float] = []
    done = threading.Event()

    def feel_the_pulse() -> None:
        while not done.is_set():
            begun = time.monotonic()
            assert Visitor(scene.address).get("/healthz").status in {200, 503}
            pulse.append(time.monotonic() - begun)
            done.wait(0.5)

    watch = threading.Thread(target=feel_the_pulse)
    watch.start()
    begun = time.monotonic()
    answers = all_at_once(
        [lambda w=w, c=c: w.post(*c) for w, c in zip(windows, cases, strict=True)]  # type: ignore[misc]
    )
    took = time.monotonic() - begun
    done.set()
    watch.join()
    assert set(statuses(answers)) <= {302, 409, 503}
    assert statuses(answers)[302] > 0
    assert took < 30
    assert pulse
    assert max(pulse) < 5, "health never waits for the crowd"


def test_many_desks_at_one_row_do_not_freeze_the_house(scene: Scene) -> None:
    at = scene.waiting()
    answers = all_at_once([_step(scene, at, "accept", place="later")] * 64)
    assert statuses(answers)[200] == 1
    assert set(statuses(answers)) <= {200, 409, 503}


def test_a_row_that_somebody_holds_does_not_freeze_the_house(scene: Scene) -> None:
    at = scene.waiting()
    with scene.backstage.holding("referral_referral", _id(at)):
        answers = all_at_once([_step(scene, at, "accept", place="later")] * 24)
    assert set(statuses(answers)) == {503}
    assert all("没有做" in answer.text for answer in answers)
    assert scene.desk.twin().post(f"{at}/accept", {"place": "later"}).status == 200


# --- Deaths -------------------------------------------------------------------


def test_a_worker_killed_before_delivering_is_replaced_and_delivers_once(
    scene: Scene,
) -> None:
    [worker] = scene.backstage.crew("config.cli\0worker")
    # So that nothing is delivered before its death.
    until(lambda: _freezes(scene, worker), 30, "a moment between two transactions")
    at = scene.waiting()
    until(lambda: _deliveries(scene, at) == {"waiting"}, 60, "the dispatch")
    kill([worker])
    until(lambda: _deliveries(scene, at) == {"done"}, 90, "the delivery")
    assert scene.backstage.crew("config.cli\0worker") != [worker]
    assert _notices(scene, at) == 1


def test_a_killed_deliverer_is_replaced_and_nothing_is_announced_twice(
    scene: Scene,
) -> None:
    kill(scene.backstage.crew("config.cli\0deliver"))
    at = scene.waiting()
    until(lambda: _deliveries(scene, at) == {"done"}, 90, "the delivery")
    assert _notices(scene, at) == 1


def test_a_worker_that_stands_still_is_replaced_and_nothing_waits_for_it(
    scene: Scene,
) -> None:
    """Amid a transaction as well, which holds up the dispatch of all that comes."""
    [worker] = scene.backstage.crew("config.cli\0worker")
    kill([worker], signal.SIGSTOP)
    at = scene.waiting()
    until(lambda: _deliveries(scene, at) == {"done"}, 120, "the delivery")
    assert scene.backstage.crew("config.cli\0worker") != [worker]
    assert _notices(scene, at) == 1


_AMID = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND starts_with(state, 'idle in transaction')
   AND state_change < clock_timestamp() - interval '0.2 s'
"""


def _freezes(scene: Scene, worker: int) -> bool:
    """Not amid a transaction: nothing that came after it would be dispatched."""
    kill([worker], signal.SIGSTOP)
    time.sleep(0.4)
    if scene.backstage.one(_AMID) == 0:
        return True
    kill([worker], signal.SIGCONT)
    return False


def _step(scene: Scene, at: str, step: str, **told: str):  # type: ignore[no-untyped-def]
    """An act of the county's desk, in a window of its own."""

    def act() -> Answer:
        return scene.desk.twin().post(f"{at}/{step}", told, htmx=True)

    return act


def _state(scene: Scene, at: str) -> str:
    return str(
        scene.backstage.one(
            "SELECT state FROM referral_referral WHERE id = %s", _id(at)
        )
    )


def _steps(scene: Scene, at: str) -> list[str]:
    rows = scene.backstage.rows(
        "SELECT step FROM referral_referralstep WHERE referral_id = %s"
        " ORDER BY taken_at, id",
        _id(at),
    )
    return [step for (step,) in rows]


def _deliveries(scene: Scene, at: str) -> set[str]:
    """What became of them, whoever listens to a submission."""
    rows = scene.backstage.rows(
        "SELECT delivery.state FROM outbox_delivery delivery"
        " JOIN outbox_outboxmessage event ON event.id = delivery.message_id"
        " WHERE event.kind = 'ReferralSubmitted' AND event.body->>'referral_id' = %s",
        str(_id(at)),
    )
    return {state for (state,) in rows}


def _notices(scene: Scene, at: str) -> int:
    """In the county's inbox, about this referral."""
    return int(
        scene.backstage.one(
            "SELECT count(*) FROM notify_notice WHERE link LIKE %s"
            " AND institution_id = %s",
            f"%{_id(at)}%",
            scene.backstage.institution(COUNTY),
        )
    )


def _id(at: str) -> UUID:
    return UUID(at.rpartition("/")[2])
