"""The cast of the login page: one corridor from Minning town up to Yinchuan.

The staff of the cast take seats that exist anyway; only their names are fixed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from yilian.demo.world.chance import fixed_id
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.people.model import (
    CastMember,
    Population,
    Post,
    Practitioner,
    Staff,
)
from yilian.demo.world.people.residents import CAST_RESIDENT, CAST_SON
from yilian.foundation.access.actor import Role

VILLAGE_CLINIC: Final = "640121104205-D1"
TOWNSHIP: Final = "640121104-C1"
COUNTY: Final = "640121-A1"
TERTIARY: Final = "640104-A1"


@dataclass(frozen=True, slots=True)
class Part:
    """`username` of the account; the seat is institution, department and role."""

    username: str
    label: str
    says: str
    name: str
    sex: str
    institution: str
    department: str
    role: Role


PARTS: Final = (
    Part(
        "village_doctor",
        "村医",
        "看今天要随访谁，血压危险时一键上转",
        "马德福",
        "1",
        VILLAGE_CLINIC,
        "general",
        Role.PHYSICIAN,
    ),
    Part(
        "township_gp",
        "乡镇卫生院全科医生",
        "门诊、签约居民，两分钟内把病人转到县里",
        "杨晓燕",
        "2",
        TOWNSHIP,
        "general",
        Role.PHYSICIAN,
    ),
    Part(
        "township_desk",
        "乡镇卫生院转诊窗口",
        "接下转的病人，核对到诊，安排随访",
        "纳秀梅",
        "2",
        TOWNSHIP,
        "referral_office",
        Role.REFERRAL_DESK,
    ),
    Part(
        "county_clinician",
        "县医院心内科医生",
        "接诊上转病人，查看“今天可以下转”名单",
        "王志强",
        "1",
        COUNTY,
        "cardiology",
        Role.PHYSICIAN,
    ),
    Part(
        "county_desk",
        "县医院双向转诊办公室",
        "按紧急程度和等待时间处理转诊，分科、留床",
        "李文静",
        "2",
        COUNTY,
        "referral_office",
        Role.REFERRAL_DESK,
    ),
    Part(
        "tertiary_specialist",
        "三级医院专家",
        "看一页摘要，接疑难病人，把稳定的病人转下去",
        "陈国梁",
        "1",
        TERTIARY,
        "cardiology",
        Role.PHYSICIAN,
    ),
    Part(
        "tertiary_desk",
        "三级医院双向转诊办公室",
        "接各县上转，协调床位",
        "赵敏",
        "2",
        TERTIARY,
        "referral_office",
        Role.REFERRAL_DESK,
    ),
    Part(
        "consortium_office",
        "县域医共体办公室",
        "看成员单位的转诊、协议和逾期",
        "周海峰",
        "1",
        COUNTY,
        "consortium_office",
        Role.CONSORTIUM_OFFICE,
    ),
    Part(
        "insurance_clerk",
        "市医保局经办",
        "核对转诊是否合规，看判定依据",
        "刘芳",
        "2",
        "6401-MI",
        "",
        Role.INSURER,
    ),
    Part(
        "insurance_supervisor",
        "自治区医保局",
        "复核、发布医保参数，给各市经办第二双眼睛",
        "丁学礼",
        "1",
        "64-MI",
        "",
        Role.INSURER,
    ),
    Part(
        "price_officer",
        "价格管理",
        "维护药品、耗材和服务价格目录",
        "白玉兰",
        "2",
        "64-MI",
        "",
        Role.PRICING,
    ),
    Part(
        "county_finance",
        "县医院医保财务",
        "看本院的结算、拒付和预付，办急诊补登",
        "苏慧",
        "2",
        COUNTY,
        "",
        Role.FINANCE,
    ),
    Part(
        "township_finance",
        "乡镇卫生院医保财务",
        "签认县医院为本院做的业务，核对每月对账单，付款",
        "罗玉琴",
        "2",
        TOWNSHIP,
        "",
        Role.FINANCE,
    ),
    Part(
        "city_officer",
        "市卫健委",
        "看全市的转诊数字，看不到个人",
        "吴建军",
        "1",
        "6401-HC",
        "",
        Role.OFFICER,
    ),
    Part(
        "regional_officer",
        "自治区卫健委",
        "看全区的医联体和专科联盟",
        "郑凯",
        "1",
        "64-HC",
        "",
        Role.OFFICER,
    ),
    Part(
        "outside_doctor",
        "无关机构的医生",
        "与患者没有诊疗关系：什么也看不到",
        "田晓东",
        "1",
        "640522-A1",
        "cardiology",
        Role.PHYSICIAN,
    ),
    Part(
        "auditor",
        "审计管理员",
        "看谁在何时凭什么看了谁的档案",
        "孙立平",
        "1",
        "64-HC",
        "",
        Role.AUDIT_ADMIN,
    ),
    Part(
        "security_admin",
        "安全管理员",
        "复核紧急调阅和权限",
        "何伟",
        "1",
        "64-HC",
        "",
        Role.SECURITY_ADMIN,
    ),
    Part(
        "system_admin",
        "系统管理员",
        "开账号、设岗位、排值班",
        "韩磊",
        "1",
        "64-HC",
        "",
        Role.SYSTEM_ADMIN,
    ),
)


def with_cast(staff: Staff) -> Staff:
    """The same staff, with the cast sitting in its seats."""
    seats = {part.username: _seat(staff, part) for part in PARTS}
    parts = {seats[part.username].practitioner: part for part in PARTS}
    people = tuple(_played(found, parts) for found in staff.practitioners)
    return Staff(people, (*staff.posts, _second_post(seats["tertiary_specialist"])))


def cast(staff: Staff, population: Population) -> tuple[CastMember, ...]:
    """`staff` is what `with_cast` gave back."""
    return (*_staff_members(staff), *_resident_members(population))


def _staff_members(staff: Staff) -> Iterator[CastMember]:
    people = {found.username: found for found in staff.practitioners}
    for part in PARTS:
        person = people[part.username]
        posts = [post.id for post in staff.posts if post.practitioner == person.id]
        yield CastMember(
            username=part.username,
            label=part.label,
            says=part.says,
            name=part.name,
            practitioner=person.id,
            posts=tuple(posts),
        )


def _resident_members(population: Population) -> Iterator[CastMember]:
    by_id = {found.id: found for found in population.residents}
    for username, label, says, who in (
        ("resident", "居民", "看我转到哪儿了、下一步做什么", CAST_RESIDENT),
        ("resident_child", "居民的儿子（代办人）", "替母亲看转诊和随访", CAST_SON),
    ):
        if who in by_id:
            name = by_id[who].name
            yield CastMember(username, label, says, name, resident=who)


def _seat(staff: Staff, part: Part) -> Post:
    department = by_code()[part.institution].department(part.department)
    key = department.key if department else ""
    for post in staff.posts:
        is_here = post.institution == part.institution and post.department == key
        if is_here and part.role in post.roles:
            return post
    raise LookupError(f"no seat for {part.username}")


def _played(person: Practitioner, parts: dict[UUID, Part]) -> Practitioner:
    part = parts.get(person.id)
    if part is None:
        return person
    return replace(person, username=part.username, name=part.name, sex=part.sex)


def _second_post(post: Post) -> Post:
    """The specialist also sees patients in the county, 多点执业."""
    return replace(
        post,
        id=fixed_id("post", "tertiary_specialist", COUNTY),
        institution=COUNTY,
        starts_on=max(post.starts_on, date(2022, 1, 1)),
    )
