"""Everything that is written about accounts, sessions and codes."""

from yilian.foundation.identity.services.accounts import (
    change_password,
    lock,
    open_account,
    reset_password,
    unlock,
)
from yilian.foundation.identity.services.codes import ask_code, ask_from, use_code
from yilian.foundation.identity.services.second_factor import (
    Passed,
    begin_second_factor,
    confirm_second_factor,
    end_second_factor,
    pass_second_step,
    renew_recovery_codes,
    reset_second_factor,
)
from yilian.foundation.identity.services.sessions import (
    close_session,
    note_wrong_try,
    open_session,
    refuse_session,
    remember_post,
    require_room_to_try,
    switch_post,
)

__all__ = [
    "Passed",
    "ask_code",
    "ask_from",
    "begin_second_factor",
    "change_password",
    "close_session",
    "confirm_second_factor",
    "end_second_factor",
    "lock",
    "note_wrong_try",
    "open_account",
    "open_session",
    "pass_second_step",
    "refuse_session",
    "remember_post",
    "renew_recovery_codes",
    "require_room_to_try",
    "reset_password",
    "reset_second_factor",
    "switch_post",
    "unlock",
    "use_code",
]
