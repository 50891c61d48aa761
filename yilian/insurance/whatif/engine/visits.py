"""One turn's visits of one scheme, as `settlement/rules/outpatient.py` has them."""

from typing import NamedTuple

import numpy as np

from yilian.insurance.settlement.rules.case import Place, Referral
from yilian.insurance.settlement.rules.terms import NO_LIMIT
from yilian.insurance.whatif.engine.checks import refuse
from yilian.insurance.whatif.engine.desk import Desk
from yilian.insurance.whatif.engine.paying import conclude, part
from yilian.insurance.whatif.engine.population import (
    ORDINARY,
    PLACES,
    REFERRALS,
    SPECIAL_DISEASE,
    TWO_DISEASE,
    Ints,
    Numbers,
)
from yilian.insurance.whatif.engine.tables import Tables
from yilian.kernel.text import _

_VILLAGE = PLACES.index(Place.VILLAGE)
_PRIMARY = PLACES.index(Place.PRIMARY)
_PLAIN = REFERRALS.index(Referral.FIRST_CONTACT)


class _Entitled(NamedTuple):
    ratio: Ints
    deductible: Ints
    absorbed_before: Ints
    visit_limit: Ints
    limit_left: Ints


def settle_visits(desk: Desk, run: slice, scheme: int) -> None:
    terms, slot = desk.rows.terms[run], desk.state.slot[run]
    entitled = _SCHEMES[scheme](desk, run, terms, slot)
    out, in_scope = desk.out, desk.rows.in_scope[run]
    due = np.maximum(entitled.deductible - entitled.absorbed_before, 0)
    absorbed = np.minimum(due, in_scope)
    base = in_scope - absorbed
    calc = part(base, entitled.ratio)
    basic = np.minimum(np.minimum(calc, entitled.visit_limit), entitled.limit_left)
    out.chain_target[run] = entitled.deductible
    out.chain_absorbed[run] = entitled.absorbed_before
    out.deductible_due[run], out.deductible_absorbed[run] = due, absorbed
    out.base[run], out.ratio[run], out.ratio_set[run] = (
        base,
        entitled.ratio,
        entitled.ratio,
    )
    out.calc[run] = out.calc_set[run] = calc
    out.visit_limit[run] = entitled.visit_limit
    out.limit_left[run] = entitled.limit_left
    out.cut_before[run] = desk.state.cut[slot]
    out.basic_pay[run] = basic
    out.compliant_self_pay[run] = in_scope - basic
    _count(desk, run, scheme, basic, absorbed)
    conclude(desk, run, scheme)


def _ordinary(desk: Desk, run: slice, terms: Numbers, slot: Ints) -> _Entitled:
    tables, state = desk.tables, desk.state
    service = desk.rows.service[run]
    place = desk.population.place[service]
    months = desk.population.months[service].astype(np.int64)
    limit = tables.visit_limit[terms, place]
    if (months > 1).any():
        _check_months(tables, terms, months)
        grows = tables.long_rx_multiplies[terms] & (limit < NO_LIMIT)
        limit = np.where(grows, limit, 0) * months + np.where(grows, 0, limit)
    return _Entitled(
        tables.visit_ratio[terms, place],
        tables.visit_deductible[terms],
        state.visit_absorbed[slot],
        limit,
        _left(tables.visit_annual_limit[terms], state.visits[slot]),
    )


def _check_months(tables: Tables, terms: Numbers, months: Ints) -> None:
    refuse(
        months > tables.long_rx_most[terms],
        _("{count} 张长期处方超过最长月数。"),
    )


def _two_disease(desk: Desk, run: slice, terms: Numbers, slot: Ints) -> _Entitled:
    tables, service = desk.tables, desk.rows.service[run]
    refuse(
        ~tables.is_resident[terms],
        _("{count} 次两病门诊不属于城乡居民医保。"),
    )
    disease = desk.population.disease[service]
    limit = _known(tables.two_disease_limit[terms, disease])
    nothing = np.zeros(len(service), np.int64)
    return _Entitled(
        tables.two_disease_ratio[terms, desk.population.place[service]],
        nothing,
        nothing,
        nothing + NO_LIMIT,
        _left(limit, desk.state.two_disease[slot, disease]),
    )


def _special(desk: Desk, run: slice, terms: Numbers, slot: Ints) -> _Entitled:
    tables, state, service = desk.tables, desk.state, desk.rows.service[run]
    place, disease = desk.population.place[service], desk.population.disease[service]
    at = np.where(place == _VILLAGE, _PRIMARY, place)
    left = _left(_known(tables.quota[terms, disease]), state.special[slot, disease])
    ceiling = _left(tables.ceiling[terms], state.basic[slot])
    counts = tables.to_ceiling[terms, SPECIAL_DISEASE]
    return _Entitled(
        tables.ratio[terms, at, _PLAIN],
        tables.special_deductible[terms],
        state.special_absorbed[slot],
        np.full(len(service), NO_LIMIT, np.int64),
        np.where(counts, np.minimum(left, ceiling), left),
    )


_SCHEMES = {ORDINARY: _ordinary, TWO_DISEASE: _two_disease, SPECIAL_DISEASE: _special}


def _known(limit: Ints) -> Ints:
    refuse(limit < 0, _("{count} 次门诊的病种不在参数中。"))
    return limit


def _left(limit: Ints, used: Ints) -> Ints:
    return np.where(limit < NO_LIMIT, np.maximum(limit - used, 0), NO_LIMIT)


def _count(desk: Desk, run: slice, scheme: int, basic: Ints, absorbed: Ints) -> None:
    state, slot = desk.state, desk.state.slot[run]
    counts = desk.tables.to_ceiling[desk.rows.terms[run], scheme]
    state.basic[slot] += np.where(counts, basic, 0)
    disease = desk.population.disease[desk.rows.service[run]]
    if scheme == ORDINARY:
        state.visits[slot] += basic
        state.visit_absorbed[slot] += absorbed
    elif scheme == TWO_DISEASE:
        state.two_disease[slot, disease] += basic
    else:
        state.special[slot, disease] += basic
        state.special_absorbed[slot] += absorbed
