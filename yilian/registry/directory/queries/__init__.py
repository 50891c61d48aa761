"""Who acts, who works where, and what an institution is."""

from yilian.registry.directory.queries.actors import (
    PostLine,
    actor_of_staff,
    post_label,
    posts_of,
    today,
)
from yilian.registry.directory.queries.institutions import (
    DepartmentLine,
    InstitutionFacts,
    InstitutionLine,
    departments_of,
    departments_of_many,
    institution_facts,
    institution_line,
    institution_lines,
    institutions,
    institutions_to_pick,
    line_of,
)
from yilian.registry.directory.queries.staff import (
    AccountLine,
    DutyLine,
    StaffLine,
    account_lines,
    duty_now,
    duty_roster,
    posts_held,
    staff_of,
)

__all__ = [
    "AccountLine",
    "DepartmentLine",
    "DutyLine",
    "InstitutionFacts",
    "InstitutionLine",
    "PostLine",
    "StaffLine",
    "account_lines",
    "actor_of_staff",
    "departments_of",
    "departments_of_many",
    "duty_now",
    "duty_roster",
    "institution_facts",
    "institution_line",
    "institution_lines",
    "institutions",
    "institutions_to_pick",
    "line_of",
    "post_label",
    "posts_held",
    "posts_of",
    "staff_of",
    "today",
]
