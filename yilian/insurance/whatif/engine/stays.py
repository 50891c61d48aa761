"""One turn's stays, as `settlement/rules/inpatient.py` settles them.

A turn has one service of each person at most, so a slot or a chain is never named
twice in one run.
"""

import numpy as np

from yilian.insurance.settlement.rules.result import Link
from yilian.insurance.settlement.rules.terms import NO_LIMIT
from yilian.insurance.whatif.engine.desk import Desk
from yilian.insurance.whatif.engine.paying import conclude, part, supplement
from yilian.insurance.whatif.engine.population import (
    Flags,
    Ints,
    Numbers,
    years_of,
)
from yilian.insurance.whatif.engine.rows import LINK
from yilian.insurance.whatif.engine.state import State
from yilian.insurance.whatif.engine.tables import IS_PENALISED, STAY, Tables
from yilian.kernel.money import MILLION

_JOINED = LINK[Link.JOINED]
_NEW_YEAR = LINK[Link.NEW_YEAR]


def settle_stays(desk: Desk, run: slice) -> None:
    tables, state, out = desk.tables, desk.state, desk.out
    terms, slot = desk.rows.terms[run], state.slot[run]
    place = desk.population.place[desk.rows.service[run]]
    chain = _chains(desk, run)
    before = state.chain_absorbed[chain]
    own = part(tables.deductible[terms, place], state.chain_factor[chain])
    highest = np.maximum(state.chain_target[chain], own)
    target = np.where(tables.chain_target_is_own[terms], own, highest)
    due = np.maximum(target - before, 0)
    absorbed = np.minimum(due, desk.rows.in_scope[run])
    state.chain_target[chain] = target
    state.chain_absorbed[chain] += absorbed
    base = desk.rows.in_scope[run] - absorbed
    out.chain_target[run], out.chain_absorbed[run] = target, before
    out.deductible_due[run], out.deductible_absorbed[run] = due, absorbed
    out.base[run] = base
    out.ratio_set[run] = tables.ratio_set[terms, place]
    out.ratio[run] = tables.ratio[terms, place, desk.rows.referral[run]]
    out.calc_set[run] = part(base, out.ratio_set[run])
    out.calc[run] = part(base, out.ratio[run])
    out.visit_limit[run] = NO_LIMIT
    out.limit_left[run] = _ceiling_left(tables, state, terms, slot)
    _pay(desk, run, terms, slot)


def _chains(desk: Desk, run: slice) -> Numbers:
    """The chain each stay joins or begins; its number is the row that began it."""
    rows, state = desk.rows, desk.state
    service, is_first = rows.service[run], rows.is_first[run]
    before = desk.population.follows[service]
    former = np.where(is_first, state.chain_of[before], state.chain_of[service])
    link = np.where(is_first, rows.link[run], state.link_of[service])
    goes_on = ~is_first | (link == _JOINED)
    anew = goes_on & _resets(desk, run, former)
    begins = ~goes_on | (anew & is_first)
    own = np.arange(run.start, run.stop, dtype=np.int32)
    at = np.flatnonzero(begins | anew)
    factor = np.where(
        begins, _factor(desk, run), state.chain_factor[np.maximum(former, 0)]
    )
    state.chain_factor[own[at]] = factor[at]
    state.chain_year[own[at]] = rows.year[run][at]
    state.admissions[state.slot[run][begins]] += 1
    chain = np.where(begins | anew, own, former).astype(np.int32)
    state.chain_of[service] = chain
    link = np.where(anew, _NEW_YEAR, link).astype(np.int8)
    state.link_of[service] = desk.out.link[run] = link
    return chain


def _resets(desk: Desk, run: slice, former: Numbers) -> Flags:
    """The chain before ended with its year, or the stay is split into years."""
    rows, resets = desk.rows, desk.tables.chain_resets
    discharged = years_of(desk.population.discharged[rows.service[run]])
    is_other_year = desk.state.chain_year[former] != discharged
    return np.where(
        rows.is_first[run],
        resets[rows.terms_out[run]] & is_other_year,
        resets[rows.terms[run]],
    )


def _factor(desk: Desk, run: slice) -> Ints:
    """Of a stay that is no part of an earlier chain."""
    rows, state = desk.rows, desk.state
    repeats = (state.admissions[state.slot[run]] > 0) & ~IS_PENALISED[
        rows.referral[run]
    ]
    return np.where(repeats, desk.tables.repeat_factor[rows.terms_out[run]], MILLION)


def _ceiling_left(tables: Tables, state: State, terms: Numbers, slot: Ints) -> Ints:
    ceiling = tables.ceiling[terms]
    is_limited = tables.to_ceiling[terms, STAY] & (ceiling < NO_LIMIT)
    return np.where(is_limited, np.maximum(ceiling - state.basic[slot], 0), NO_LIMIT)


def _pay(desk: Desk, run: slice, terms: Numbers, slot: Ints) -> None:
    tables, state, out = desk.tables, desk.state, desk.out
    calc, left = out.calc[run], out.limit_left[run]
    basic = np.minimum(calc, left)
    covered = _covered(desk, run, terms, slot)
    cut = calc - basic
    extra = supplement(state, tables, terms, slot, cut)
    out.cut_before[run] = state.cut[slot]
    state.cut[slot] += cut
    state.supplement[slot] += extra
    state.basic[slot] += np.where(tables.to_ceiling[terms, STAY], basic, 0)
    out.basic_pay[run], out.supplement_pay[run] = basic, extra
    out.compliant_self_pay[run] = desk.rows.in_scope[run] - covered
    conclude(desk, run, STAY)


def _covered(desk: Desk, run: slice, terms: Numbers, slot: Ints) -> Ints:
    """What is not compliant self-pay, as if there were no penalty."""
    tables, out = desk.tables, desk.out
    left = out.limit_left[run]
    whole = np.where(tables.penalty_counts[terms], out.calc[run], out.calc_set[run])
    over = np.maximum(whole - left, 0)
    within = np.minimum(whole, left) + supplement(desk.state, tables, terms, slot, over)
    return np.where(tables.over_ceiling_counts[terms], within, whole)
