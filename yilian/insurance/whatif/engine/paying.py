"""From the basic fund's share to the patient's, as `settlement/rules/paying.py`."""

import numpy as np

from yilian.insurance.settlement.rules.case import MOST_PER_YEAR
from yilian.insurance.whatif.engine.checks import refuse
from yilian.insurance.whatif.engine.desk import Desk
from yilian.insurance.whatif.engine.population import Ints, Numbers
from yilian.insurance.whatif.engine.state import State
from yilian.insurance.whatif.engine.tables import Tables
from yilian.kernel.money import MILLION
from yilian.kernel.text import _

HALF = 500_000


def part(amount: Ints, ratio: Ints) -> Ints:
    """Rounded half up, of amounts not below zero."""
    return np.asarray((amount * ratio + HALF) // MILLION)


def conclude(desk: Desk, run: slice, scheme: int) -> None:
    """The tiers above the basic fund, the patient, the account."""
    state, out = desk.state, desk.out
    slot = state.slot[run]
    self_pay = out.compliant_self_pay[run]
    out.counted_before[run], out.left_before[run] = (
        state.counted[slot],
        state.left[slot],
    )
    serious = _serious(desk, run, scheme, self_pay)
    assistance = _assistance(desk, run, scheme, self_pay - serious)
    funds = out.basic_pay[run] + out.supplement_pay[run] + serious + assistance
    patient = desk.rows.total[run] - funds
    out.serious_pay[run], out.assistance_pay[run] = serious, assistance
    out.patient_pay[run] = patient
    if state.has_balance:
        person = desk.population.person[desk.rows.service[run]]
        out.account_pay[run] = paid = np.minimum(state.balance[person], patient)
        state.balance[person] -= paid


def supplement(
    state: State, tables: Tables, terms: Numbers, slot: Ints, cut: Ints
) -> Ints:
    """Of what the ceiling would cut off; counts nothing."""
    ratio = tables.supplement_ratio[terms]
    pays = np.zeros(len(cut), np.int64)
    at = np.flatnonzero((cut > 0) & (ratio > 0))
    if len(at):
        before, rate = state.cut[slot[at]], ratio[at]
        more = part(before + cut[at], rate) - part(before, rate)
        limit = tables.supplement_limit[terms[at]] - state.supplement[slot[at]]
        pays[at] = np.minimum(more, np.maximum(limit, 0))
    return pays


def serious_claim(counted: Ints, tables: Tables, terms: Numbers) -> Ints:
    above = np.maximum(counted - tables.serious_deductible[terms], 0)
    start, end = tables.band_start[terms], tables.band_end[terms]
    within = np.clip(np.minimum(above[:, None], end) - start, 0, None)
    claim = (within * tables.band_ratio[terms]).sum(axis=1)
    return np.asarray((claim + HALF) // MILLION)


def _serious(desk: Desk, run: slice, scheme: int, self_pay: Ints) -> Ints:
    state, tables = desk.state, desk.tables
    terms, slot = desk.rows.terms[run], state.slot[run]
    counts = tables.to_serious[terms, scheme]
    before = state.counted[slot]
    after = before + np.where(counts, self_pay, 0)
    refuse(after > MOST_PER_YEAR, _("{count} 人的年度累计合规自付过大。"))
    state.counted[slot] = after
    pays = np.zeros(len(slot), np.int64)
    at = np.flatnonzero(counts & (after > tables.serious_deductible[terms]))
    if len(at):
        row = terms[at]
        claim = serious_claim(after[at], tables, row) - serious_claim(
            before[at], tables, row
        )
        left = tables.serious_ceiling[row] - state.serious[slot[at]]
        pays[at] = np.minimum(claim, np.maximum(left, 0))
        state.serious[slot[at]] += pays[at]
    return pays


def _assistance(desk: Desk, run: slice, scheme: int, left: Ints) -> Ints:
    state, tables = desk.state, desk.tables
    terms, slot = desk.rows.terms[run], state.slot[run]
    counts = tables.to_assistance[terms, scheme]
    before = state.left[slot]
    after = before + np.where(counts, left, 0)
    state.left[slot] = after
    pays = np.zeros(len(slot), np.int64)
    at = np.flatnonzero(counts & (tables.aid_ratio[terms] > 0))
    if len(at):
        row = terms[at]
        ratio, deductible = tables.aid_ratio[row], tables.aid_deductible[row]
        claim = part(np.maximum(after[at] - deductible, 0), ratio) - part(
            np.maximum(before[at] - deductible, 0), ratio
        )
        room = tables.aid_ceiling[row] - state.assistance[slot[at]]
        pays[at] = np.minimum(claim, np.maximum(room, 0))
        state.assistance[slot[at]] += pays[at]
    return pays
