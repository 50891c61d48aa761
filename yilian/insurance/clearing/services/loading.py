"""Books by the thousand, for the demo: by COPY, under the same constraints."""

from collections.abc import Sequence

from django.db import models, transaction

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.insurance.clearing.models import (
    ClosedPeriod,
    Entry,
    LedgerAccount,
    Posting,
    SharedService,
)
from yilian.insurance.clearing.models_statement import (
    Dispute,
    DisputeAnswer,
    Statement,
    StatementStep,
)
from yilian.insurance.clearing.queries.files import digest_of_period
from yilian.kernel.text import _
from yilian.registry.directory.services.loading import copy_in


@transaction.atomic
def load_many(
    actor: Actor,
    *,
    accounts: Sequence[LedgerAccount] = (),
    slips: Sequence[SharedService] = (),
    entries: Sequence[Entry] = (),
    postings: Sequence[Posting] = (),
    statements: Sequence[Statement] = (),
    steps: Sequence[StatementStep] = (),
    disputes: Sequence[Dispute] = (),
    answers: Sequence[DisputeAnswer] = (),
    closed: Sequence[ClosedPeriod] = (),
) -> None:
    """In the order in which they came about: a month's business, its statement, what
    adjusts or pays it, the closing, whose checksum is taken of what was loaded."""
    require(actor.reach is Reach.SYSTEM, _("批量载入只由系统执行。"))
    business = [entry for entry in entries if entry.statement_id is None]
    aside = [entry for entry in entries if entry.statement_id is not None]
    batches: tuple[Sequence[models.Model], ...] = (
        accounts, slips, business, statements, aside, postings, steps, disputes,
        answers,
    )  # fmt: skip
    for rows in batches:
        copy_in(rows)
    for one in closed:
        one.digest = digest_of_period(one.consortium_id, one.period)
    copy_in(closed)
    counts: dict[str, int] = {}
    for rows in (*batches, closed):
        for row in rows[:1]:
            name = row._meta.model_name or ""
            counts[name] = counts.get(name, 0) + len(rows)
    record(actor, "clearing.load", detail=counts)
