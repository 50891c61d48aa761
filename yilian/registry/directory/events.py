"""What the directory announces."""

from dataclasses import dataclass
from uuid import UUID

from yilian.kernel.event import Event


@dataclass(frozen=True)
class PostLeft(Event):
    """Somebody has left a post: open work of the post goes to somebody else."""

    post_id: UUID
    practitioner_id: UUID
    institution_id: UUID
