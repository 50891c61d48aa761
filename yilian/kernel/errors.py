"""What a person is told when the system refuses.

Sight first (`NotFound`, 404), right next (`NotPermitted`, 403), facts
(`Invalid`, 422) and state last (`Conflict`, 409). A message says what was
refused, why, and what to do now; it never carries names, identity numbers or
diagnoses, because messages end up in logs.
"""

from collections.abc import Mapping
from typing import ClassVar

from yilian.kernel.text import Text, _


class DomainError(Exception):
    """A refusal in words: a marked template and its values (translated later)."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, template: str, /, **values: object) -> None:
        self.text = Text(template, values)
        super().__init__(template)

    def __str__(self) -> str:
        return str(self.text)


class NotFound(DomainError):
    """Not there, or not within the actor's sight: the answer is the same."""

    code = "not-found"
    status = 404

    def __init__(
        self, template: str = _("没有找到，或不在您可见的范围内。"), /, **values: object
    ):
        super().__init__(template, **values)


class NotPermitted(DomainError):
    code = "not-permitted"
    status = 403


class Conflict(DomainError):
    """The state does not allow it, or somebody else was first."""

    code = "conflict"
    status = 409


class Invalid(DomainError):
    """What was sent is not right; `fields` says where (field name → template)."""

    code = "invalid"
    status = 422

    def __init__(
        self,
        template: str = _("有内容需要修改，请看标出的各项。"),
        /,
        *,
        fields: Mapping[str, str | Text] | None = None,
        **values: object,
    ) -> None:
        super().__init__(template, **values)
        self.fields = dict(fields or {})


class Busy(DomainError):
    """Too many at once: try again shortly."""

    code = "busy"
    status = 503
