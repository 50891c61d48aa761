"""What has to be remembered while the services of a case are settled."""

from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.rules.case import Case, CaseWrong, Insurance, Service
from yilian.insurance.settlement.rules.chains import Before, Chain
from yilian.insurance.settlement.rules.terms import TermsOf
from yilian.insurance.settlement.rules.year import Year
from yilian.kernel.money import Fen
from yilian.kernel.text import _


class Book:
    __slots__ = ("_before", "_linked", "balance", "insured", "terms", "years")

    def __init__(self, case: Case, parameters: ParameterSet) -> None:
        insured = case.insured
        grade = insured.grade
        if grade is not None and grade not in parameters.grades:
            raise CaseWrong(
                "insured.grade", _("没有这个缴费档次：{grade}"), grade=grade
            )
        self.insured = insured
        self.terms = TermsOf(parameters, insured)
        self.years: dict[int, Year] = {}
        self.balance: Fen = 0
        if insured.insurance is Insurance.EMPLOYEE:
            self.balance = insured.account_balance
        self._linked = {s.follows for s in case.services if s.follows is not None}
        self._before: dict[str, Before] = {}
        if case.services:
            first = min(service.admitted_on for service in case.services).year
            year = case.used.year or first
            self.years[year] = Year(case.used)

    def year(self, number: int) -> Year:
        found = self.years.get(number)
        if found is None:
            found = self.years[number] = Year()
        return found

    def remember(self, service: Service, chain: Chain | None) -> None:
        """For the stays that follow this one."""
        if service.id in self._linked:
            self._before[service.id] = Before(service, chain)

    def before(self, service: Service) -> Before | None:
        return self._before[service.follows] if service.follows else None

    def from_account(self, patient_pay: Fen) -> Fen:
        """What the personal account bears of the patient's part, 个人账户."""
        if not self.balance:
            return 0
        paid = min(self.balance, patient_pay)
        self.balance -= paid
        return paid
