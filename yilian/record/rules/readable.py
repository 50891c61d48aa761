"""A resource as term and value, for people who do not read JSON."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from yilian.kernel.text import _
from yilian.record.rules.moments import CHINA, span_of

TYPE_NAMES: Final[Mapping[str, str]] = {
    "AllergyIntolerance": _("过敏"),
    "Appointment": _("预约"),
    "CarePlan": _("诊疗计划"),
    "CareTeam": _("照护团队"),
    "Claim": _("费用申请"),
    "Composition": _("文书"),
    "Condition": _("诊断"),
    "Consent": _("授权"),
    "Coverage": _("参保"),
    "Device": _("器械"),
    "DiagnosticReport": _("检查报告"),
    "DocumentReference": _("文书"),
    "Encounter": _("就诊"),
    "EpisodeOfCare": _("诊疗过程"),
    "ExplanationOfBenefit": _("费用结算"),
    "Goal": _("目标"),
    "ImagingStudy": _("影像检查"),
    "Immunization": _("预防接种"),
    "Location": _("地点"),
    "MedicationRequest": _("处方"),
    "MedicationStatement": _("用药"),
    "Observation": _("检查结果"),
    "Organization": _("机构"),
    "Patient": _("患者"),
    "Practitioner": _("医务人员"),
    "PractitionerRole": _("岗位"),
    "Procedure": _("操作"),
    "Provenance": _("来源说明"),
    "ServiceRequest": _("申请"),
    "Slot": _("号源"),
    "Task": _("任务"),
}
ELEMENT_NAMES: Final[Mapping[str, str]] = {
    "abatementDateTime": _("结束时间"),
    "address": _("地址"),
    "authoredOn": _("开具时间"),
    "birthDate": _("出生日期"),
    "bodySite": _("部位"),
    "businessStatus": _("办理状态"),
    "category": _("类别"),
    "class": _("就诊类型"),
    "clinicalStatus": _("临床状态"),
    "code": _("项目"),
    "component": _("分项"),
    "conclusion": _("结论"),
    "content": _("内容"),
    "custodian": _("保管机构"),
    "date": _("日期"),
    "description": _("标题"),
    "diagnosis": _("诊断"),
    "dosageInstruction": _("用法"),
    "effectiveDateTime": _("时间"),
    "effectivePeriod": _("时间"),
    "gender": _("性别"),
    "identifier": _("编号"),
    "intent": _("意图"),
    "interpretation": _("判读"),
    "issued": _("报告时间"),
    "location": _("地点"),
    "medicationCodeableConcept": _("药品"),
    "name": _("名称"),
    "note": _("备注"),
    "occurrenceDateTime": _("时间"),
    "onsetDateTime": _("起病时间"),
    "participant": _("参与者"),
    "performedDateTime": _("时间"),
    "performedPeriod": _("时间"),
    "performer": _("执行者"),
    "period": _("起止时间"),
    "priority": _("优先级"),
    "reasonCode": _("原因"),
    "recordedDate": _("记录时间"),
    "referenceRange": _("参考范围"),
    "requester": _("申请者"),
    "result": _("结果"),
    "serviceProvider": _("接诊机构"),
    "serviceType": _("科室"),
    "severity": _("程度"),
    "status": _("状态"),
    "subject": _("患者"),
    "telecom": _("联系方式"),
    "title": _("标题"),
    "type": _("类型"),
    "vaccineCode": _("疫苗"),
    "valueBoolean": _("值"),
    "valueCodeableConcept": _("值"),
    "valueQuantity": _("值"),
    "valueString": _("值"),
    "verificationStatus": _("核实状态"),
}
# Codes of FHIR that stand in `status`, `intent`, `priority`, `gender`.
CODE_NAMES: Final[Mapping[str, str]] = {
    "accepted": _("已接受"),
    "active": _("有效"),
    "amended": _("已修订"),
    "arrived": _("已到达"),
    "cancelled": _("已取消"),
    "completed": _("已完成"),
    "corrected": _("已更正"),
    "current": _("现行"),
    "draft": _("草稿"),
    "entered-in-error": _("误录"),
    "female": _("女"),
    "final": _("正式"),
    "finished": _("已结束"),
    "in-progress": _("进行中"),
    "male": _("男"),
    "on-hold": _("暂停"),
    "order": _("医嘱"),
    "plan": _("计划"),
    "planned": _("计划中"),
    "preliminary": _("初步"),
    "proposal": _("建议"),
    "rejected": _("已拒绝"),
    "requested": _("已提出"),
    "resolved": _("已缓解"),
    "revoked": _("已撤销"),
    "routine": _("常规"),
    "stat": _("急诊"),
    "stopped": _("已停止"),
    "superseded": _("已被替代"),
    "unknown": _("不详"),
    "urgent": _("紧急"),
}
_CODED: Final = frozenset({"status", "intent", "priority", "gender"})
_LEFT_OUT: Final = frozenset(
    {"resourceType", "id", "meta", "text", "contained", "extension", "subject",
     "patient", "modifierExtension", "implicitRules", "language", "for"}
)  # fmt: skip
_NUMBERS: Final = frozenset({"identifier", "telecom"})  # shown masked, elsewhere
_IS_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:")
_MOST_LINES, _MOST_LETTERS, _DEEPEST = 40, 600, 4


def readable(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(term, words) in the order received; terms are marked texts where known."""
    lines = []
    hidden = _LEFT_OUT | (_NUMBERS if body["resourceType"] == "Patient" else set())
    for name, value in body.items():
        said = "；".join(_said(value)) if name not in hidden else ""
        said = CODE_NAMES.get(said, said) if name in _CODED else said
        if said:
            lines.append((ELEMENT_NAMES.get(name, name), said[:_MOST_LETTERS]))
    return lines[:_MOST_LINES]


def _said(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, list):
        for one in value[:_MOST_LINES]:
            yield from _said(one, depth)
    elif isinstance(value, Mapping):
        whole = _whole(value)
        if whole:
            yield whole
        elif depth < _DEEPEST:
            parts = [
                part for inner in value.values() for part in _said(inner, depth + 1)
            ]
            if parts:
                yield " ".join(parts)
    elif value is not None and value != "":
        yield _plain(value)


def _whole(value: Mapping[str, Any]) -> str:
    """Data types that have words of their own."""
    for read in (_text, _concept, _quantity, _period, _attachment, _single):
        said = read(value)
        if said:
            return said
    return str(value["reference"]) if isinstance(value.get("reference"), str) else ""


def _text(value: Mapping[str, Any]) -> str:
    said = value.get("text") or value.get("display")
    return said if isinstance(said, str) else ""


def _concept(value: Mapping[str, Any]) -> str:
    codings = value.get("coding")
    listed = codings if isinstance(codings, list) else []
    return "、".join(_coding(c) for c in listed if isinstance(c, Mapping))


def _quantity(value: Mapping[str, Any]) -> str:
    if "value" not in value or not ("unit" in value or "comparator" in value):
        return ""
    sign, unit = value.get("comparator", ""), value.get("unit") or ""
    return f"{sign}{value['value']} {unit}".strip()


def _period(value: Mapping[str, Any]) -> str:
    if "start" not in value and "end" not in value:
        return ""
    return f"{_plain(value.get('start', ''))} – {_plain(value.get('end', ''))}"


def _single(value: Mapping[str, Any]) -> str:
    """A Coding or an Identifier: its system says nothing to a reader."""
    return (
        str(value.get("code") or value.get("value") or "") if "system" in value else ""
    )


def _attachment(value: Mapping[str, Any]) -> str:
    return (
        str(value.get("title") or value["contentType"])
        if "contentType" in value
        else ""
    )


def _coding(coding: Mapping[str, Any]) -> str:
    return str(coding.get("display") or coding.get("code") or "")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    said = str(value)
    return _moment(said) if _IS_MOMENT.match(said) else said


def _moment(said: str) -> str:
    """In the time of Ningxia, like every other moment on a page."""
    start = span_of(said).start
    return f"{start.astimezone(CHINA):%Y-%m-%d %H:%M}" if start else said
