"""What is written about a pool: `pools.py` opens and revises it, `money_out.py` pays
and audits, `rolling.py` rolls up its use, `clearing.py` and `distributing.py` end its
year, `supplementing.py` corrects it afterwards; `ledgers.py` keeps what stands
beside."""

from yilian.insurance.budget.services.alarming import tell_alarms
from yilian.insurance.budget.services.clearing import (
    clear_year,
    confirm,
    pre_settle,
    return_clearing,
)
from yilian.insurance.budget.services.collecting import collect_refusals_of
from yilian.insurance.budget.services.distributing import distribute
from yilian.insurance.budget.services.ledgers import (
    enter_income,
    give_points,
    grant_subsidy,
    take_back_income,
    take_back_points,
    take_back_subsidy,
)
from yilian.insurance.budget.services.loading import load_many
from yilian.insurance.budget.services.looking import note_export, note_look
from yilian.insurance.budget.services.money_out import (
    pay_advance,
    refuse_amount,
    set_score,
    take_back_advance,
    take_back_refusal,
)
from yilian.insurance.budget.services.pools import (
    Terms,
    open_pool,
    reject_revision,
    release_revision,
    revise_pool,
)
from yilian.insurance.budget.services.rolling import (
    roll_up,
    roll_up_all,
    roll_up_day,
)
from yilian.insurance.budget.services.supplementing import Corrections, supplement

__all__ = [
    "Corrections",
    "Terms",
    "clear_year",
    "collect_refusals_of",
    "confirm",
    "distribute",
    "enter_income",
    "give_points",
    "grant_subsidy",
    "load_many",
    "note_export",
    "note_look",
    "open_pool",
    "pay_advance",
    "pre_settle",
    "refuse_amount",
    "reject_revision",
    "release_revision",
    "return_clearing",
    "revise_pool",
    "roll_up",
    "roll_up_all",
    "roll_up_day",
    "set_score",
    "supplement",
    "take_back_advance",
    "take_back_income",
    "take_back_points",
    "take_back_refusal",
    "take_back_subsidy",
    "tell_alarms",
]
