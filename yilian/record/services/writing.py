"""Putting resources into the record: one at a time, and many at once.

Every put is in the same transaction as the act that made the fact. What says the
same as the current version makes no new one, so a repeat does no harm.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.services import call
from yilian.foundation.audit import services as audit
from yilian.kernel.errors import Conflict
from yilian.kernel.ids import NIL
from yilian.kernel.text import _
from yilian.record.rules.indexing import index
from yilian.record.rules.text import keep


class Incoming(NamedTuple):
    """One resource on its way in; `NIL` is nobody's."""

    resource: Mapping[str, Any]
    person_id: UUID = NIL
    institution_id: UUID | None = None


class Written(NamedTuple):
    """What became of many: new ones, changed ones, and those that stood there."""

    new: int
    changed: int
    unchanged: int

    def __add__(self, other: "Written") -> "Written":  # type: ignore[override]
        return Written(*(one + two for one, two in zip(self, other, strict=True)))


class IdOfAnotherPerson(Conflict):
    code = "record-id-of-another-person"

    def __init__(self) -> None:
        super().__init__(_("这个资源编号已属于另一位患者，不能改写。"))


BATCH: Final = 5_000
_SEPARATOR: Final = "\x1f"
_PUT: Final = (
    "FROM record_put(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
    " string_to_array(%s, chr(31)), string_to_array(%s, chr(31)),"
    " string_to_array(%s, chr(31)))"
)


@transaction.atomic(savepoint=False)
def put(
    actor: Actor,
    resource: Mapping[str, Any],
    *,
    person_id: UUID,
    institution_id: UUID | None = None,
) -> int:
    """The version that now stands; the same as before when nothing new was said.

    The acting service audits its own act; one statement here.
    """
    place = institution_id or actor.institution_id
    told = _arguments(actor, Incoming(resource, person_id, place))
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"SELECT v_version {_PUT}", told)
        except IntegrityError as error:
            raise _explained(error) from None
        version: int = cursor.fetchone()[0]
    return version


def put_along(
    actor: Actor,
    resources: Sequence[Mapping[str, Any]],
    *,
    person_id: UUID,
    institution_id: UUID | None = None,
) -> None:
    """As `put`, where nobody asks for the version: goes to the database with whatever
    else the act writes `together`."""
    place = institution_id or actor.institution_id
    for resource in resources:
        told = _arguments(actor, Incoming(resource, person_id, place))
        call((f"SELECT {_PUT}", told), explain=_explained)


@transaction.atomic
def put_many(actor: Actor, rows: Iterable[Incoming], *, source: str = "") -> Written:
    """COPY, then one statement a batch; one audit row a batch (`source` says whence).

    For the demo region and for loading. In the order given: of two texts for one id
    the later stands.
    """
    done = Written(0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(_STAGING)
        for batch, lines in _prepared(rows):
            written = _write_batch(actor, cursor, batch, lines)
            _audit_batch(actor, batch, written, source)
            done += written
        cursor.execute("DROP TABLE record_staging")
    return done


Batch = list[Incoming]


def _prepared(rows: Iterable[Incoming]) -> Iterator[tuple[Batch, str]]:
    """Batches as COPY wants them; the next is made ready while one is written.

    The rows themselves are taken in this thread: a generator may ask the database.
    """
    waiting = iter(rows)
    with ThreadPoolExecutor(1) as ahead:
        batch = list(islice(waiting, BATCH))
        lines = ahead.submit(_lines, batch)
        while batch:
            ready = lines.result()
            following = list(islice(waiting, BATCH))
            lines = ahead.submit(_lines, following)
            yield batch, ready
            batch = following


def _lines(batch: Batch) -> str:
    return "".join(_line(at, incoming) for at, incoming in enumerate(batch))


def _arguments(actor: Actor, incoming: Incoming) -> list[Any]:
    resource = incoming.resource
    kept, found = keep(resource), index(resource)
    return [
        resource["resourceType"],
        resource["id"],
        incoming.person_id,
        incoming.institution_id,
        actor.account_id,
        found.when.start,
        found.when.end,
        found.status,
        False,
        kept.before,
        kept.after,
        kept.said,
        # A list is dear to hand over; a text that is cut there is not.
        _SEPARATOR.join(found.tokens),
        _SEPARATOR.join(found.references),
        _SEPARATOR.join(found.strings),
    ]


def _explained(error: IntegrityError) -> Exception:
    if "record_id_of_another_person" in str(error):
        return IdOfAnotherPerson()
    return error


_STAGING: Final = """
CREATE TEMPORARY TABLE record_staging (
    ordinal integer, type text, id text, person_id uuid, institution_id uuid,
    clinical_at timestamptz, clinical_until timestamptz, status text,
    before text, after text, said bytea, tokens text, refs text, strings text
) ON COMMIT DROP
"""
_COPY: Final = "COPY record_staging FROM STDIN"
_MOVE: Final = """
WITH first AS (
    SELECT DISTINCT ON (type, id) * FROM record_staging ORDER BY type, id, ordinal
), fresh AS (
    INSERT INTO record_locator (type, id, person_id)
    SELECT type, id, person_id FROM first
    ON CONFLICT (type, id) DO NOTHING RETURNING type, id
), chosen AS MATERIALIZED (
    SELECT first.*, moment, record_text(before, 1, moment, after) AS body
    FROM first JOIN fresh USING (type, id),
        date_trunc('milliseconds', statement_timestamp()) AS moment
), current AS (
    INSERT INTO record_resource (
        person_id, type, id, version, institution_id, clinical_at, clinical_until,
        status, is_deleted, last_updated, body, said, tokens, "references", strings)
    SELECT person_id, type, id, 1, institution_id, clinical_at, clinical_until,
        status, false, moment, body, said, string_to_array(tokens, chr(31)),
        string_to_array(refs, chr(31)), string_to_array(strings, chr(31))
    FROM chosen
), versions AS (
    INSERT INTO record_version (
        person_id, type, id, version, institution_id, account_id, is_deleted,
        created_at, body)
    SELECT person_id, type, id, 1, institution_id, %s, false, moment, body FROM chosen
)
SELECT ordinal FROM record_staging EXCEPT SELECT ordinal FROM chosen
"""
# Those whose id was known already go the way of `put`, in their order.
_PUT_REST: Final = """
SELECT count(*) FILTER (WHERE (put).v_is_new) FROM (
    SELECT record_put(type, id, person_id, institution_id, %s, clinical_at,
        clinical_until, status, false, before, after, said,
        string_to_array(tokens, chr(31)), string_to_array(refs, chr(31)),
        string_to_array(strings, chr(31))) AS put
    FROM (SELECT * FROM record_staging WHERE ordinal = ANY (%s) ORDER BY ordinal) AS r
    OFFSET 0
) AS done
"""


def _write_batch(actor: Actor, cursor: Any, batch: Batch, lines: str) -> Written:
    cursor.execute("TRUNCATE record_staging")
    with cursor.copy(_COPY) as copy:
        copy.write(lines)
    cursor.execute(_MOVE, [actor.account_id])
    known = [ordinal for (ordinal,) in cursor.fetchall()]
    changed = _put_rest(actor, cursor, known) if known else 0
    return Written(len(batch) - len(known), changed, len(known) - changed)


def _put_rest(actor: Actor, cursor: Any, known: list[int]) -> int:
    """How many of these made a new version."""
    try:
        cursor.execute(_PUT_REST, [actor.account_id, known])
    except IntegrityError as error:
        raise _explained(error) from None
    changed: int = cursor.fetchone()[0]
    return changed


def _line(ordinal: int, incoming: Incoming) -> str:
    """One line of COPY's text format."""
    resource = incoming.resource
    kept, found = keep(resource), index(resource)
    cells = (
        str(ordinal),
        resource["resourceType"],
        resource["id"],
        str(incoming.person_id),
        _cell(incoming.institution_id),
        _cell(found.when.start),
        _cell(found.when.end),
        _escaped(found.status),
        _escaped(kept.before),
        _escaped(kept.after),
        f"\\\\x{kept.said.hex()}",
        _escaped(_SEPARATOR.join(found.tokens)),
        _escaped(_SEPARATOR.join(found.references)),
        _escaped(_SEPARATOR.join(found.strings)),
    )
    return "\t".join(cells) + "\n"


def _cell(value: object) -> str:
    return "\\N" if value is None else str(value)


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


def _audit_batch(actor: Actor, batch: Batch, written: Written, source: str) -> None:
    persons = {incoming.person_id for incoming in batch} - {NIL}
    audit.record(
        actor,
        "record.put_many",
        object_kind="record",
        person_ids=sorted(persons),
        detail=written._asdict() | {"source": source},
    )
