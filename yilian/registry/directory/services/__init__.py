"""Everything that is written in the directory."""

from yilian.registry.directory.services.accounts import (
    TakenOn,
    lock_account,
    reset_password,
    reset_second_factor,
    take_on,
    unlock_account,
)
from yilian.registry.directory.services.duty import cancel_duty, plan_duty
from yilian.registry.directory.services.institutions import (
    add_equipment,
    change_contact,
    close_institution,
    open_department,
    open_institution,
    set_sign_in_rule,
)
from yilian.registry.directory.services.loading import load_many
from yilian.registry.directory.services.posts import (
    add_practitioner,
    appoint,
    leave_post,
)

__all__ = [
    "TakenOn",
    "add_equipment",
    "add_practitioner",
    "appoint",
    "cancel_duty",
    "change_contact",
    "close_institution",
    "leave_post",
    "load_many",
    "lock_account",
    "open_department",
    "open_institution",
    "plan_duty",
    "reset_password",
    "reset_second_factor",
    "set_sign_in_rule",
    "take_on",
    "unlock_account",
]
