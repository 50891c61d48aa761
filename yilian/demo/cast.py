"""Who can be played in the demo: user names and words, nothing heavy to import.

The seats themselves are in `world/people/cast.py`; a test compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yilian.kernel.text import _


@dataclass(frozen=True, slots=True)
class CastMember:
    """`key` groups the cards: which rung or office they stand for.

    `subtitle` is more than a house's name: marked, a bare name would be translated
    wherever that house is named, and other houses not.
    """

    key: str
    username: str
    title: str
    subtitle: str
    tells: str


GROUPS: Final = {
    "ladder": _("看病的人"),
    "desk": _("转诊办公室"),
    "resident": _("居民"),
    "money": _("医保与财务"),
    "office": _("管理与监督"),
}

CAST: Final = (
    CastMember(
        "ladder", "village_doctor", _("村医"), _("闽宁镇原隆村卫生室，村级"),
        _("看今天要随访谁，血压危险时一键上转"),
    ),
    CastMember(
        "ladder", "township_gp", _("乡镇卫生院全科医生"), _("闽宁镇中心卫生院，乡镇"),
        _("门诊、签约居民，两分钟内把病人转到县里"),
    ),
    CastMember(
        "ladder", "county_clinician", _("县医院心内科医生"), _("永宁县人民医院，县级"),
        _("接诊上转病人，查看“今天可以下转”名单"),
    ),
    CastMember(
        "ladder", "tertiary_specialist", _("三级医院专家"), _("宁医大总院，三级"),
        _("看一页摘要，接疑难病人，把稳定的病人转下去；在县里还有一个岗位"),
    ),
    CastMember(
        "ladder", "outside_doctor", _("无关机构的医生"), _("海原县人民医院，外县"),
        _("与患者没有诊疗关系：什么也看不到"),
    ),
    CastMember(
        "desk", "township_desk", _("乡镇卫生院转诊窗口"), _("闽宁镇中心卫生院，乡镇"),
        _("接下转的病人，核对到诊，安排随访"),
    ),
    CastMember(
        "desk", "county_desk", _("县医院双向转诊办公室"), _("永宁县人民医院，县级"),
        _("按紧急程度和等待时间处理转诊，分科、留床"),
    ),
    CastMember(
        "desk", "tertiary_desk", _("三级医院双向转诊办公室"), _("宁医大总院，三级"),
        _("接各县上转，协调床位"),
    ),
    CastMember(
        "resident", "resident", _("居民"), _("闽宁镇原隆村，67 岁"),
        _("看我转到哪儿了、下一步做什么"),
    ),
    CastMember(
        "resident", "resident_child", _("居民的儿子（代办人）"), _("42 岁，在外务工"),
        _("替母亲看转诊和随访"),
    ),
    CastMember(
        "office", "consortium_office", _("县域医共体办公室"), _("永宁县人民医院，县级"),
        _("看成员单位的转诊、协议和逾期"),
    ),
    CastMember(
        "money", "insurance_clerk", _("市医保局经办"), _("银川市医疗保障局，市级"),
        _("核对转诊是否合规，看判定依据"),
    ),
    CastMember(
        "money", "insurance_supervisor", _("自治区医保局"), _("自治区医疗保障局，区级"),
        _("复核、发布医保参数，给各市经办第二双眼睛"),
    ),
    CastMember(
        "money", "price_officer", _("价格管理"), _("自治区医疗保障局，区级"),
        _("维护药品、耗材和服务价格目录"),
    ),
    CastMember(
        "money", "county_finance", _("县医院医保财务"), _("永宁县人民医院，县级"),
        _("看本院的结算、拒付和预付，办急诊补登"),
    ),
    CastMember(
        "money", "township_finance", _("乡镇卫生院医保财务"),
        _("闽宁镇中心卫生院，乡镇"),
        _("签认县医院为本院做的业务，核对每月对账单，付款"),
    ),
    CastMember(
        "office", "city_officer", _("市卫健委"), _("银川市卫生健康委员会，市级"),
        _("看全市的转诊数字，看不到个人"),
    ),
    CastMember(
        "office", "regional_officer", _("自治区卫健委"),
        _("自治区卫生健康委员会，区级"),
        _("看全区的医联体和专科联盟"),
    ),
    CastMember(
        "office", "auditor", _("审计管理员"), _("自治区卫生健康委员会，区级"),
        _("看谁在何时凭什么看了谁的档案"),
    ),
    CastMember(
        "office", "security_admin", _("安全管理员"), _("自治区卫生健康委员会，区级"),
        _("复核紧急调阅，要求并演示第二重验证"),
    ),
    CastMember(
        "office", "system_admin", _("系统管理员"), _("自治区卫生健康委员会，区级"),
        _("开账号、设岗位、排值班"),
    ),
)  # fmt: skip


def lines() -> Sequence[str]:
    """What the console prints: nobody needs a password here."""
    head = "演示账号（在登录页点一下即可进入，无需密码）"
    english = "Demo accounts (one click on the sign-in page, no password):"
    width = max(len(member.username) for member in CAST)
    return [
        head,
        english,
        *(
            f"  {member.username:<{width}}  {member.title}：{member.tells}"
            for member in CAST
        ),
    ]


def groups() -> list[tuple[str, list[CastMember]]]:
    """The cards as the page shows them: words of the group, its members."""
    return [
        (words, [member for member in CAST if member.key == key])
        for key, words in GROUPS.items()
    ]
