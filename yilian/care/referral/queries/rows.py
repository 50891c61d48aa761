"""One hop by its key, within sight: asked by every click, so composed once."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from yilian.care.referral.models import AT_A_HOUSE, Referral, ReferralQuerySet
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import Among, Composed
from yilian.foundation.access.scope import find
from yilian.kernel.errors import NotFound


def with_names(rows: ReferralQuerySet) -> ReferralQuerySet:
    """As a line of a list shows it."""
    return rows.select_related(
        "from_institution",
        "to_institution",
        "to_department",
        "assigned_to__practitioner",
    )


# What a line of a list is made of (`desk._line`, `policies`). Anything else that is
# asked of such a row costs a statement, which the tests of few statements see.
OF_A_LINE: Final = (
    "id", "number", "episode", "person", "state", "urgency", "direction", "specialty",
    "from_institution", "to_institution", "to_department", "outside_name",
    "diagnosis_name", "complaint", "reason", "is_green_lane", "agreement", "rule_ids",
    "created_at", "submitted_at", "answer_due_at", "answered_at", "paused_at",
    "visit_at", "valid_until", "feedback_due_at", "closed_at", "assigned_to",
    "revision",
    "from_institution__short_name", "from_institution__tier",
    "to_institution__short_name", "to_institution__tier",
    "to_department__name", "assigned_to__practitioner__name",
)  # fmt: skip


def narrow(rows: ReferralQuerySet) -> ReferralQuerySet:
    """Without the letter and its lists, which make nine tenths of a row."""
    return rows.only(*OF_A_LINE)


# Of the row all, of whom it names what steps and clocks look at. Anything else that is
# asked of these costs a statement.
_OF_A_STEP: Final = (
    *(one.name for one in Referral._meta.concrete_fields),
    "person__born_on", "person__died_at",
    "from_institution__short_name", "from_institution__tier",
    "to_institution__short_name", "to_institution__tier", "to_institution__closed_on",
    "from_post__account", "from_post__roles", "from_post__left_at",
    "from_post__practitioner",
)  # fmt: skip


def _locked(rows: ReferralQuerySet) -> ReferralQuerySet:
    named = rows.select_related(
        "person", "from_institution", "to_institution", "from_post"
    )
    return named.only(*_OF_A_STEP).select_for_update(of=("self",))


def is_at_house(actor: Actor) -> bool:
    """Whose sight is `known_at` their institution: asked by questions composed once."""
    return actor.reach in AT_A_HOUSE and actor.institution_id is not None


class Within:
    """`of` for staff by the question composed once, for others composed anew."""

    def __init__(self, dress: Callable[[ReferralQuerySet], ReferralQuerySet]) -> None:
        self._dress = dress
        self._at_house = Composed(
            lambda here, key: dress(Referral.objects.known_at(here).filter(pk=key))
        )

    def of(self, actor: Actor, referral_id: UUID) -> Referral:
        """404 in the same words whether it is hidden or absent."""
        if not is_at_house(actor):
            return find(self._dress(Referral.objects.visible_to(actor)), referral_id)
        found = self._at_house.ask(here=actor.institution_id, key=referral_id)
        if not found:
            raise NotFound
        return found[0]


PLAIN: Final = Within(lambda rows: rows)
# What the forms of steps look at before anything is asked of the reader.
FOR_A_FORM: Final = Within(
    lambda rows: rows.only(
        "id", "state", "direction", "urgency", "to_institution", "revision"
    )
)
WITH_NAMES: Final = Within(with_names)
WITH_AGREEMENT: Final = Within(
    lambda rows: with_names(rows).select_related("agreement")
)
LOCKED: Final = Within(_locked)
# For those who are told of every step, whoever took it.
WITH_PARTIES: Final = Composed(
    lambda keys: Referral.objects.filter(Among("pk", keys))
    .select_related(
        "person", "from_institution", "to_institution", "from_post", "assigned_to"
    )
    .only(
        "id", "number", "urgency", "submitted_at", "outside_name", "close_reason",
        "visit_at", "person__phone_cipher", "from_institution__short_name",
        "to_institution__short_name",
        "to_institution__tier", "from_post__account", "from_post__roles",
        "from_post__left_at", "assigned_to__account", "assigned_to__left_at",
    )
)  # fmt: skip
