"""What the rules in force on a day say about one person's facts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from yilian.kernel.tier import Tier
from yilian.record.advice.checks.case import Case
from yilian.record.advice.checks.tree import check
from yilian.record.advice.facts import PatientFacts
from yilian.record.advice.groups import GROUPS
from yilian.record.advice.loading import in_force, shipped
from yilian.record.advice.rules import Advice, Direction, Outcome, Pack, Rule, Tree
from yilian.record.advice.verdict import YES, Verdict, all_of, negate, unknown

_OUTCOMES: Final[Mapping[bool | None, Outcome]] = {
    True: Outcome.FIRES,
    False: Outcome.NOT,
    None: Outcome.UNKNOWN,
}


def evaluate(
    facts: PatientFacts,
    *,
    on: date,
    tier: Tier | None = None,
    packs: Iterable[Pack] | None = None,
    seen_until: date | None = None,
) -> list[Advice]:
    """One piece of advice per rule that is for this tier (all, without a tier).

    What came after `on` is left out; `seen_until` lets in later contacts while
    windows still count back from `on`.
    """
    known = facts.as_of(seen_until or on)
    found: list[Advice] = []
    for pack in in_force(shipped() if packs is None else packs, on):
        found += _of_pack(pack, known, on)
    return [advice for advice in found if _is_for(advice, tier)]


def stable_for_down(
    facts: PatientFacts, *, on: date, packs: Iterable[Pack] | None = None
) -> list[Advice]:
    """The machine's part of "can go down today": one answer per disease.

    It bears the id of the down rule (HTN-D1, DM-D1) but asks only what the record
    can show: last two values at target, no danger sign and no change of drugs for
    14 days. Whether diagnosis and plan are clear remains the doctor's word.
    """
    known = facts.as_of(on)
    chosen = in_force(shipped() if packs is None else packs, on)
    return [_stable(pack, known, on) for pack in chosen if pack.stable is not None]


def _stable(pack: Pack, facts: PatientFacts, on: date) -> Advice:
    rule = next(rule for rule in pack.rules if rule.rule_id == pack.stable_rule)
    case = Case(facts, on, rule.params)
    verdict = _for_members(pack, case, check(pack.stable or rule.when, case))
    return _advice(pack, rule, verdict, case)


def _of_pack(pack: Pack, facts: PatientFacts, on: date) -> list[Advice]:
    advice = {}
    for rule in pack.rules:
        case = Case(facts, on, rule.params)
        verdict = _judge(rule, case)
        # An emergency does not wait for a diagnosis.
        if rule.direction is not Direction.EMERGENCY:
            verdict = _for_members(pack, case, verdict)
        advice[rule.rule_id] = _advice(pack, rule, verdict, case)
    return [_superseded(rule, advice) for rule in pack.rules]


def _judge(rule: Rule, case: Case) -> Verdict:
    when = check(rule.when, case)
    if rule.unless is None:
        return when
    return all_of([when, negate(check(rule.unless, case))])


def _for_members(pack: Pack, case: Case, verdict: Verdict) -> Verdict:
    """Without any sign of the disease a rule cannot fire; it is not false either."""
    if not verdict.truth or _holds(pack.member, case):
        return verdict
    label = GROUPS[pack.group].label if pack.group else pack.id
    return replace(unknown([label], verdict.evidence), not_asked=verdict.not_asked)


def _holds(tree: Tree | None, case: Case) -> bool:
    return (YES if tree is None else check(tree, case)).truth is True


def _advice(pack: Pack, rule: Rule, verdict: Verdict, case: Case) -> Advice:
    outcome = _OUTCOMES[verdict.truth]
    return Advice(
        rule_id=rule.rule_id,
        outcome=outcome,
        direction=rule.direction,
        urgency=rule.urgency,
        title=rule.title,
        text=rule.text,
        evidence=verdict.evidence,
        missing=verdict.missing,
        source=tuple(pack.sources[mark] for mark in rule.source),
        check_result_by=_after(case.on, rule.check_result_within_days, outcome),
        next_by=_after(_day_of(verdict, case), rule.next_within_days, outcome),
        near_limit=verdict.near_limit,
        not_asked=verdict.not_asked,
        applies=_holds(pack.known, case),
        group=pack.group,
        pack=f"{pack.id} {pack.version}",
        from_tier=rule.from_tier,
        to_tier=rule.to_tier,
        referral_urgency=rule.answer_within,
    )


def _superseded(rule: Rule, advice: Mapping[str, Advice]) -> Advice:
    """A graver rule that fires takes the place of this one."""
    own = advice[rule.rule_id]
    graver = next((other for other in rule.superseded_by if advice[other].fires), None)
    if graver is None or own.outcome is Outcome.NOT:
        return own
    return replace(
        own,
        outcome=Outcome.NOT,
        missing=(),
        check_result_by=None,
        next_by=None,
        superseded_by=graver,
    )


def _after(day: date, days: int | None, outcome: Outcome) -> date | None:
    if days is None or outcome is not Outcome.FIRES:
        return None
    return day + min(timedelta(days=days), date.max - day)


def _day_of(verdict: Verdict, case: Case) -> date:
    """The follow-up that the next one is counted from."""
    days = [case.facts.day_of[r] for r in verdict.evidence if r in case.facts.day_of]
    return max(days, default=case.on)


def _is_for(advice: Advice, tier: Tier | None) -> bool:
    return tier is None or not advice.from_tier or tier in advice.from_tier
