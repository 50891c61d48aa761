"""Results as JSON, in the format of docs/settle.md."""

from typing import Any

from yilian.insurance.policy.rules.sets import Reference
from yilian.insurance.settlement.rules.case import CaseWrong
from yilian.insurance.settlement.rules.result import CaseResult, Settled
from yilian.insurance.settlement.rules.trace import Step, plain_ratio, steps_of
from yilian.kernel.money import plain_yuan


def write_result(result: CaseResult) -> dict[str, Any]:
    return {
        "id": result.case_id,
        "services": [write_service(settled) for settled in result.services],
    }


def write_service(settled: Settled) -> dict[str, Any]:
    amounts = {name: plain_yuan(fen) for name, fen in settled.amounts().items()}
    account = amounts.pop("account_pay")
    found: dict[str, Any] = {
        "id": settled.service.id,
        "total_amount": amounts.pop("total_amount"),
        "in_scope_amount": amounts.pop("in_scope_amount"),
        "deductible_due": amounts.pop("deductible_due"),
        "deductible_absorbed": amounts.pop("deductible_absorbed"),
        "reimbursement_ratio": plain_ratio(settled.ratio),
        **amounts,
        "personal_account_pay": account,
        "steps": [_step(year, step) for year, step in steps_of(settled)],
    }
    if settled.service.is_voided:
        found["voided"] = True
    if len(settled.parts) > 1:
        found["years"] = [part.year for part in settled.parts]
    return found


def write_error(case_id: object, error: CaseWrong) -> dict[str, Any]:
    return {
        "id": case_id if isinstance(case_id, str) else None,
        "error": {"field": error.field, "message": str(error)},
    }


def _step(year: int, step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "step": step.code,
        "year": year,
        "title": step.title,
        "clause": step.ground,
        "parameters": [_reference(reference) for reference in step.references],
        "inputs": step.inputs,
        "formula": step.formula,
        "working": str(step.working),
        "result": step.outcome,
    }
    if step.note is not None:
        found["note"] = str(step.note)
    return found


def _reference(reference: Reference) -> dict[str, Any]:
    return {
        "id": reference.id,
        "set": reference.set_id,
        "version": reference.version,
        "effective_from": reference.starts_on.isoformat(),
        "clause": reference.clause,
        "source": reference.source,
        "value": reference.value,
    }
