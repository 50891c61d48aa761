"""Ways down, to the side, and out of the region."""

from typing import Final

from yilian.demo.world.referrals.cases.model import (
    ROUTINE,
    Case,
    back,
    upward,
)


def _home(summary: str, drugs: str, rehabilitation: str, signs: str) -> dict[str, str]:
    return {
        "discharge_summary": summary,
        "operation": "",
        "drugs": drugs,
        "rehabilitation": rehabilitation,
        "targets": "血压<140/90mmHg，空腹血糖4.4–7.0mmol/L，LDL-C<1.8mmol/L",
        "warning_signs": signs,
        "next_tests": "两周后血压、血钾；四周后血脂、肝功能",
        "upper_contact": "科室值班电话见转诊单，主管医师工作日可接听",
    }


_RECEIVED: Final = back(
    "病情稳定，按上级方案继续治疗",
    "已接诊并首次随访，核对用药，血压、血糖在目标内，无新发不适。",
    "按下转方案执行",
    "已纳入慢病管理，按计划复查；如有变化再次上转。",
)
DOWN: Final = (
    Case(
        "after-pci",
        "I25.103",
        "冠状动脉粥样硬化性心脏病（支架术后）",
        "cardiology",
        "coronary",
        (ROUTINE,),
        "支架术后恢复期",
        "术后病情稳定，方案已定，转基层继续治疗和康复",
        _home(
            "急诊PCI术后第9天，无胸痛，生命体征平稳，心功能I级。",
            "阿司匹林100mg 每日1次 长期\n替格瑞洛90mg 每日2次 至少12个月\n"
            "阿托伐他汀20mg 每晚1次 长期\n美托洛尔47.5mg 每日1次 长期",
            "每日步行20–30分钟，四周内避免负重，心脏康复门诊每两周一次。",
            "胸痛超过15分钟、黑便、气短不能平卧，立即拨打120并转回。",
        ),
        _RECEIVED,
        routes=("tertiary-county", "tertiary-center", "county-center"),
    ),
    Case(
        "after-stroke",
        "I69.300",
        "脑梗死后遗症",
        "rehabilitation",
        "stroke",
        (ROUTINE,),
        "脑梗死恢复期，右侧肢体肌力4级",
        "急性期已过，需继续康复和二级预防",
        _home(
            "脑梗死第16天，生命体征平稳，无颅内高压，吞咽评估正常，Barthel指数65分。",
            "阿司匹林100mg 每日1次 长期\n阿托伐他汀20mg 每晚1次 长期\n"
            "氨氯地平5mg 每日1次 长期",
            "肢体功能和言语训练每日两次，预防跌倒和压疮。",
            "再次言语不清、肢体无力、剧烈头痛，立即转回卒中中心。",
        ),
        _RECEIVED,
        routes=("county-center", "tertiary-rehab", "county-nursing"),
    ),
    Case(
        "hypertension-stable",
        "I10.x00",
        "原发性高血压",
        "cardiology",
        "hypertension",
        (ROUTINE,),
        "血压已达标",
        "诊断明确、方案已定，最近两次血压达标，转回基层随访",
        _home(
            "住院调整降压方案，最近两次血压132/80、128/78mmHg，无不适。",
            "缬沙坦80mg 每日1次 长期\n氨氯地平5mg 每日1次 长期",
            "限盐每日5克以内，每周运动五次。",
            "血压高于180/110mmHg，或剧烈头痛、胸痛、肢体无力，立即转回。",
        ),
        _RECEIVED,
        ("HTN-D1",),
        routes=("county-center", "county-center", "center-village"),
    ),
    Case(
        "diabetes-stable",
        "E11.900",
        "2型糖尿病",
        "endocrinology",
        "diabetes",
        (ROUTINE,),
        "血糖平稳两周",
        "诊断和方案明确，血糖达标两周，转回基层管理",
        _home(
            "基础胰岛素方案后空腹血糖5.8–6.9mmol/L两周，无低血糖。",
            "甘精胰岛素12单位 睡前 长期\n二甲双胍0.5g 每日2次 长期",
            "饮食和运动处方已交患者，足部护理教育完成。",
            "血糖高于16.7或低于3.9mmol/L、恶心呕吐、意识改变，立即转回。",
        ),
        _RECEIVED,
        ("DM-D1",),
        routes=("county-center", "tertiary-county"),
    ),
    Case(
        "copd-stable",
        "J44.900",
        "慢性阻塞性肺疾病",
        "respiratory",
        "copd",
        (ROUTINE,),
        "急性加重已缓解",
        "急性加重控制，稳定24小时以上，能正确吸入药物",
        _home(
            "住院8天，咳喘缓解，静息血氧饱和度93%，肺功能一秒率60%。",
            "噻托溴铵18μg 每日1次 长期\n布地奈德福莫特罗 每日2次 长期",
            "缩唇呼吸和步行训练，家庭氧疗每日15小时。",
            "气促加重、口唇发紫、意识改变，立即转回。",
        ),
        _RECEIVED,
        routes=("county-center", "tertiary-county"),
    ),
    Case(
        "after-hip",
        "S72.000",
        "股骨颈骨折（术后）",
        "orthopaedics",
        "",
        (ROUTINE,),
        "人工股骨头置换术后第8天",
        "切口愈合好，转下级机构康复",
        {
            **_home(
                "术后第8天，切口干燥，扶助行器可行走20米。",
                "低分子肝素 皮下注射 至术后35天\n碳酸钙D3 0.6g 每日1次",
                "髋周肌力训练每日两次，避免内收内旋，助行器行走。",
                "切口渗液、发热、下肢肿痛、突发气短，立即转回。",
            ),
            "operation": "人工股骨头置换术",
        },
        _RECEIVED,
        ages=(62, 95),
        routes=("county-center", "tertiary-rehab", "county-nursing"),
    ),
)
SAME_TIER: Final = (
    Case(
        "tcm-rehabilitation",
        "I69.300",
        "脑梗死后遗症",
        "tcm",
        "stroke",
        (ROUTINE,),
        "肢体活动不利、言语欠清",
        "患者要求中医针灸康复，同级平转",
        upward(
            complaint="右侧肢体活动不利2月",
            history="脑梗死后2月，二级预防用药规律。",
            exam="右侧肌力4级，言语稍含糊。",
            results="头颅CT陈旧性梗死灶。",
            treatment="已完成西医急性期治疗。",
        ),
        _RECEIVED,
        routes=("county-tcm",),
    ),
)
OUTSIDE: Final = Case(
    "congenital-heart",
    "Q21.100",
    "房间隔缺损",
    "cardiology",
    "",
    (ROUTINE,),
    "活动后气促1年",
    "需复杂心脏手术，区内暂不能开展，转外省专科医院",
    upward(
        complaint="活动后气促1年",
        history="体检发现心脏杂音。",
        exam="胸骨左缘第二肋间收缩期杂音，P2亢进。",
        results="超声心动图示房间隔缺损28mm，中度肺动脉高压。",
        treatment="利尿、降肺动脉压药物治疗。",
    ),
    back("房间隔缺损", "已在外院完成手术。", "按出院医嘱", "三个月后复查超声。"),
    ages=(3, 60),
    routes=("tertiary-outside",),
)
