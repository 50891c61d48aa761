"""The steps of a settlement as a clerk reads them, each with its ground.

Told on demand from the numbers that were paid by (`Part`); nothing is counted
again, except the two claims whose difference is a payment.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from yilian.insurance.policy.rules.sets import Reference
from yilian.insurance.settlement.rules.case import (
    REFERRAL_NAMES,
    Kind,
    Referral,
    Scheme,
    Service,
)
from yilian.insurance.settlement.rules.grounds import Grounds, grounds_of
from yilian.insurance.settlement.rules.result import LINK_NAMES, Link, Part, Settled
from yilian.insurance.settlement.rules.terms import NO_LIMIT
from yilian.insurance.settlement.rules.year import assistance_claim, serious_claim
from yilian.kernel.clause import Clause, clause
from yilian.kernel.money import MILLION, Fen, Millionths, plain_yuan
from yilian.kernel.text import Text, _


class Ratio(NamedTuple):
    millionths: Millionths


Value = Fen | Ratio | str


class Step(NamedTuple):
    """What was done, on what ground, by which values, with what outcome.

    Amounts are fen; `inputs`, `working` and `outcome` put them in words when asked.
    `formula` and `template` (the same with its numbers) are marked for translation.
    """

    code: str
    title: str
    ground: str
    formula: str
    template: str
    result: Value
    values: Mapping[str, Value]
    references: tuple[Reference, ...] = ()
    remark: str | None = None

    @property
    def clause(self) -> Clause:
        return clause(self.ground)

    @property
    def working(self) -> Text:
        return Text(self.template, _words({**self.values, "result": self.result}))

    @property
    def note(self) -> Text | None:
        if self.remark is None:
            return None
        return Text(self.remark, _words(self.values))

    @property
    def inputs(self) -> dict[str, str]:
        """In plain digits, for files and interfaces."""
        return {name: _plain(value) for name, value in self.values.items()}

    @property
    def outcome(self) -> str:
        return _plain(self.result)


def steps_of(settled: Settled) -> list[tuple[int, Step]]:
    """Each step with the year it belongs to."""
    return [
        (part.year, step)
        for part in settled.parts
        for step in part_steps(settled.service, part)
    ]


def part_steps(service: Service, part: Part) -> list[Step]:
    grounds = grounds_of(service, part)
    tellers = _STAY if service.kind is Kind.INPATIENT else _VISIT
    return [step for tell in tellers if (step := tell(part, grounds)) is not None]


def plain_ratio(ratio: Millionths) -> str:
    """0.60, 0.375: at least two places."""
    digits = f"{ratio // MILLION}.{ratio % MILLION:06d}".rstrip("0")
    whole, _point, places = digits.partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


def percent(ratio: Millionths) -> str:
    digits = f"{ratio // 10_000}.{ratio % 10_000:04d}".rstrip("0").rstrip(".")
    return f"{digits}%"


def _plain(value: Value) -> str:
    if isinstance(value, Ratio):
        return plain_ratio(value.millionths)
    if isinstance(value, int):
        return plain_yuan(value) if value < NO_LIMIT else "none"
    return value


def _words(values: Mapping[str, Value]) -> dict[str, object]:
    """As a bill shows them: 1,234.50 and 60%."""
    return {name: _shown(value) for name, value in values.items()}


def _shown(value: Value) -> object:
    if isinstance(value, Ratio):
        return percent(value.millionths)
    if isinstance(value, int):
        sign, fen = "−" if value < 0 else "", abs(value)
        return f"{sign}{fen // 100:,}.{fen % 100:02d}"
    return Text(value)


def told(
    code: str,
    title: str,
    ground: str,
    words: tuple[str, str],
    result: Value,
    *,
    references: tuple[Reference, ...] = (),
    remark: str | None = None,
    **values: Value,
) -> Step:
    """`words` are the formula and the same with its numbers."""
    formula, template = words
    return Step(
        code, title, ground, formula, template, result, values, references, remark
    )


def _in_scope(part: Part, grounds: Grounds) -> Step:
    bill = part.charges
    return told(
        "in_scope_amount", _("政策范围内费用"), "RI-1",
        (_("甲类 + 乙类 − 乙类先行自付 − 超限价"),
         _("{class_a} + {class_b} − {first_self_pay} − {over_limit} = {result}")),
        bill.in_scope,
        references=grounds.first_self_pay if bill.class_b else (),
        remark=_("总费用 {total}，其中丙类 {class_c} 不在政策范围内。"),
        class_a=bill.class_a, class_b=bill.class_b,
        first_self_pay=bill.first_self_pay, over_limit=bill.over_limit,
        class_c=bill.class_c, total=bill.total,
    )  # fmt: skip


def _how_they_came(part: Part, _grounds: Grounds) -> Step:
    referral = part.referral or Referral.FIRST_CONTACT
    return told(
        "referral", _("转诊情形"), "RI-4", (_("按转诊合规判定"), "{came}"),
        referral.value, came=REFERRAL_NAMES[referral],
    )  # fmt: skip


def _due(part: Part, grounds: Grounds) -> Step:
    is_joined = part.link is Link.JOINED
    words = _("转诊各次住院的最高起付线 − 前次已承担")
    if part.terms.chain_target_is_own:
        words = _("本次起付线 − 前次已承担")
    return told(
        "deductible_due", _("应付起付线"), "NX-3.2-c" if is_joined else "NX-3.2-a",
        (words,
         _("{target} − {absorbed_before} = {result}")),
        part.deductible_due,
        references=grounds.deductible,
        remark=LINK_NAMES[part.link],
        target=part.chain_target, absorbed_before=part.chain_absorbed,
    )  # fmt: skip


def _due_of_year(part: Part, grounds: Grounds) -> Step | None:
    if not part.chain_target:
        return None
    return told(
        "deductible_due", _("应付起付线"), "RI-5",
        (_("年度起付线 − 本年已承担"),
         _("{target} − {absorbed_before} = {result}")),
        part.deductible_due,
        references=grounds.visit_deductible,
        target=part.chain_target, absorbed_before=part.chain_absorbed,
    )  # fmt: skip


def _absorbed(part: Part, _grounds: Grounds) -> Step | None:
    if not part.deductible_due:
        return None
    return told(
        "deductible_absorbed", _("本次承担起付线"), "RI-3",
        (_("应付起付线与政策范围内费用中较小的"),
         _("{due} 与 {in_scope} 取小 = {result}")),
        part.deductible_absorbed,
        due=part.deductible_due, in_scope=part.charges.in_scope,
    )  # fmt: skip


def _base(part: Part, _grounds: Grounds) -> Step:
    return told(
        "base", _("报销基数"), "RI-2",
        (_("政策范围内费用 − 起付线"),
         _("{in_scope} − {absorbed} = {result}")),
        part.base,
        in_scope=part.charges.in_scope, absorbed=part.deductible_absorbed,
    )  # fmt: skip


def _ratio(part: Part, grounds: Grounds) -> Step:
    ratio = Ratio(part.ratio)
    if part.ratio == part.ratio_set:
        return told(
            "reimbursement_ratio", _("报销比例"), "NX-3.2-a",
            (_("规定比例"), "{result}"), ratio, references=grounds.ratio,
        )  # fmt: skip
    return told(
        "reimbursement_ratio", _("报销比例"), grounds.penalty_clause,
        (_("未按规定转诊，在规定比例上减付"),
         _("规定比例 {ratio_set}，减付后 {result}")),
        ratio, references=grounds.ratio, ratio_set=Ratio(part.ratio_set),
    )  # fmt: skip


def _calc(part: Part, _grounds: Grounds) -> Step:
    return told(
        "basic_calc", _("按比例应付"), "RI-2",
        (_("报销基数 × 报销比例，四舍五入到分"),
         _("{base} × {ratio} = {result}")),
        part.calc,
        base=part.base, ratio=Ratio(part.ratio),
    )  # fmt: skip


def _ceiling(part: Part, grounds: Grounds) -> Step:
    if part.limit_left >= NO_LIMIT:
        return told(
            "basic_pay", _("统筹基金支付"), "RI-5", (_("不设封顶线"),
         _("{calc}")),
        part.basic_pay, calc=part.calc,
        )  # fmt: skip
    return told(
        "basic_pay", _("统筹基金支付"), "RI-5",
        (_("按比例应付与封顶线余额中较小的"),
         _("{calc} 与余额 {left} 取小 = {result}")),
        part.basic_pay,
        references=grounds.ceiling,
        calc=part.calc, left=part.limit_left,
    )  # fmt: skip


def _visit_limit(part: Part, grounds: Grounds) -> Step | None:
    if part.visit_limit >= NO_LIMIT:
        return None
    return told(
        "visit_limit", _("单次限额"), "NX-3.2-b",
        (_("按比例应付与单次限额中较小的"),
         _("{calc} 与 {limit} 取小 = {result}")),
        min(part.calc, part.visit_limit),
        references=grounds.visit_limit,
        calc=part.calc, limit=part.visit_limit,
    )  # fmt: skip


def _year_limit(part: Part, grounds: Grounds) -> Step:
    within = min(part.calc, part.visit_limit)
    ground = "NX-3.2-b" if grounds.scheme is Scheme.ORDINARY else "RI-5"
    if part.limit_left >= NO_LIMIT:
        return told(
            "basic_pay", _("统筹基金支付"), ground, (_("不设年度限额"),
         _("{within}")),
        part.basic_pay, within=within,
        )  # fmt: skip
    return told(
        "basic_pay", _("统筹基金支付"), ground,
        (_("应付与年度限额余额中较小的"),
         _("{within} 与余额 {left} 取小 = {result}")),
        part.basic_pay,
        references=grounds.year_limit,
        within=within, left=part.limit_left,
    )  # fmt: skip


def _supplement(part: Part, grounds: Grounds) -> Step | None:
    if not part.supplement_pay:
        return None
    return told(
        "supplement_pay", _("大额补助支付"), "RI-5",
        (_("超封顶线部分 × 大额补助比例，不超过年度限额"),
         _("{cut} × {ratio}，限额内 {result}")),
        part.supplement_pay,
        references=grounds.supplement,
        cut=part.calc - part.basic_pay, ratio=Ratio(part.terms.supplement_ratio),
    )  # fmt: skip


def _self_pay(part: Part, grounds: Grounds) -> Step:
    covered = part.charges.in_scope - part.compliant_self_pay
    is_penalised = part.calc != part.calc_set
    is_told = is_penalised and not part.terms.penalty_counts
    return told(
        "compliant_self_pay", _("合规自付"), "RI-2",
        (_("政策范围内费用 − 按规定比例由基金支付的部分"),
         _("{in_scope} − {covered} = {result}")),
        part.compliant_self_pay,
        references=grounds.self_pay,
        remark=_("未按规定转诊而多付的部分不进入大病保险。") if is_told else None,
        in_scope=part.charges.in_scope, covered=covered,
    )  # fmt: skip


def _serious(part: Part, grounds: Grounds) -> Step:
    if not grounds.counts.to_serious:
        return told(
            "serious_pay", _("大病保险支付"), "RI-6", (_("这类费用不进入大病保险"),
         "0"),
        0,
            references=grounds.not_counted,
        )  # fmt: skip
    after = part.counted_before + part.compliant_self_pay
    terms = part.terms.serious
    return told(
        "serious_pay", _("大病保险支付"), "RI-6",
        (_("年度累计合规自付分段应付 − 本次之前分段应付"),
         _("累计 {before} → {after}：{claim_after} − {claim_before} = {result}")),
        part.serious_pay,
        references=grounds.serious,
        before=part.counted_before, after=after,
        claim_after=serious_claim(after, terms),
        claim_before=serious_claim(part.counted_before, terms),
    )  # fmt: skip


def _assistance(part: Part, grounds: Grounds) -> Step | None:
    if part.terms.aid is None or not grounds.counts.to_assistance:
        return None
    terms = part.terms.assistance
    left = part.compliant_self_pay - part.serious_pay
    after = part.left_before + left
    return told(
        "assistance_pay", _("医疗救助支付"), "RI-7",
        (_("剩余合规自付累计应救助 − 本次之前应救助，不超过年度限额"),
         _("剩余 {left}：{claim_after} − {claim_before}，限额内 {result}")),
        part.assistance_pay,
        references=grounds.assistance,
        left=left, before=part.left_before, after=after,
        claim_after=assistance_claim(after, terms),
        claim_before=assistance_claim(part.left_before, terms),
    )  # fmt: skip


def _patient(part: Part, _grounds: Grounds) -> Step:
    return told(
        "patient_pay", _("个人负担"), "RI-2",
        (_("总费用 − 各项基金支付"),
         _("{total} − {basic} − {supplement} − {serious} − {assistance} = {result}")),
        part.patient_pay,
        total=part.charges.total, basic=part.basic_pay,
        supplement=part.supplement_pay, serious=part.serious_pay,
        assistance=part.assistance_pay,
    )  # fmt: skip


def _account(part: Part, _grounds: Grounds) -> Step | None:
    if not part.account_pay:
        return None
    return told(
        "personal_account_pay", _("个人账户支付"), "RI-1",
        (_("个人负担中由个人账户支付，不减少基金支付"),
         _("个人负担 {patient} 中 {result}")),
        part.account_pay,
        patient=part.patient_pay,
    )  # fmt: skip


_Teller = Callable[[Part, Grounds], Step | None]
_STAY: Final[Sequence[_Teller]] = (
    _in_scope, _how_they_came, _due, _absorbed, _base, _ratio, _calc, _ceiling,
    _supplement, _self_pay, _serious, _assistance, _patient, _account,
)  # fmt: skip
_VISIT: Final[Sequence[_Teller]] = (
    _in_scope, _due_of_year, _absorbed, _base, _ratio, _calc, _visit_limit,
    _year_limit, _self_pay, _serious, _assistance, _patient, _account,
)  # fmt: skip
