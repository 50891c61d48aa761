"""What each page is for and what to do next, in one sentence, and whom to ask.

Every page has its line here, under the name of its address; a test walks all
addresses and names those without. The telephone is the directory's.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from yilian.foundation.access.actor import Actor, Reach
from yilian.kernel.text import _
from yilian.kernel.tier import Tier
from yilian.registry.consortium.queries import leading
from yilian.registry.directory.queries import (
    HelpDesk,
    desk_of_region,
    numbers_of,
    today,
)
from yilian.registry.population.queries import chosen_institutions

HELP: Final[Mapping[str, str]] = {
    # the door
    "identity:sign_in": _("工作人员从这里进入：输入登录名和密码；居民请点“居民登录”。"),
    "identity:second_step": _(
        "再证明一次是您本人：输入手机验证器上的 6 位数字，没有手机就用恢复码。"
    ),
    "identity:resident": _("居民从这里进入：输入身份证号码，再输入手机收到的验证码。"),
    "identity:resident_code": _(
        "输入手机短信里的 6 位数字；没收到请过一分钟重新获取。"
    ),
    "identity:password": _("换一个只有您知道的密码；保存后其他地方的登录会结束。"),
    "identity:security": _(
        "管理自己的密码和第二重验证；换手机前请先在这里设置新手机。"
    ),
    "identity:begin_second_factor": _(
        "用手机验证器扫码，再把验证器上的 6 位数字填进来，点“开启”。"
    ),
    "identity:confirm_second_factor": _("打印或抄下恢复码，收好后点“我已保存，继续”。"),
    "identity:renew_codes": _("打印或抄下新的恢复码，旧的已经作废。"),
    "demo:cast": _("演示用：点一个角色，直接看他每天用到的页面。"),
    "web:home": _("这是您的起点；没有内容时，请本机构管理员为您设岗位。"),
    "web:gallery": _("开发人员看的组件样例，内容均为虚构。"),
    # clearing between institutions
    "whatif:list": _("看试算过的情景；点“新建情景”试另一套参数。"),
    "whatif:new": _("从一套已发布的参数出发，只改要试的值，再点“开始试算”。"),
    "whatif:scenario": _("看这套参数让基金和参保人多付还是少付；可与另一情景比较。"),
    "insurer:list": _("看结算发往医保系统的结果；结果未知和被拒绝的等您处理。"),
    "insurer:detail": _("一笔交易的金额和经过；被拒绝的按提示处理后点“重新发送”。"),
    "insurer:days": _("选一天和医保系统对账，点日期看差异。"),
    "insurer:day": _("逐条核对差异，按“怎么办”处理后写明结果。"),
    "clearing:home": _("看本院在医联体里应收应付多少；等您处理的对账单排在前面。"),
    "clearing:matrix": _("看成员单位之间谁欠谁；点金额打开那一对的对账单。"),
    "clearing:sums": _("看各医联体每月内部往来的合计；换月份再点“查看”。"),
    "clearing:slips": _("核对别家为本院做的业务，勾选后点“签认所选并入账”。"),
    "clearing:new_slip": _("登记本院为其他机构做的业务，送对方签认。"),
    "clearing:slip": _("一张服务单的价格、分成和结果；下一步在页面下方。"),
    "clearing:statements": _("核对每月的往来；点单号查看明细，再确认或提出异议。"),
    "clearing:statement": _("逐笔核对后点“确认”；不符的点“提出异议”。"),
    "clearing:disputes": _("看对账中的异议；点“看对账单”去答复或调整。"),
    "clearing:periods": _("看各月是否对清；牵头单位在这里按月关账。"),
    "clearing:books": _("查某月的分录和试算平衡；需要时导出给审计。"),
    "clearing:print": _("打印双方签字盖章的对账单，点“打印”。"),
    # settlement
    "settlement:work": _("先办快到期的补登与申诉，再结算等得最久的单据。"),
    "settlement:bill": _("一张单据从上传到最近一次结算的全部经过，下一步在上方。"),
    "settlement:print": _("核对后打印结算单，双方签字盖章。"),
    "settlement:file": _("写明情况、附上材料后提交，由两位经办人员审核。"),
    "settlement:filings": _("到期的排在前面；点“审核”或“复核”办理。"),
    "settlement:filing": _("看申请、材料和结果；轮到您办理时在页面中部填写。"),
    "settlement:anomalies": _("规则找出的疑点，逐条核查后写明理由。"),
    "settlement:sums": _("按月、类别、机构级别看结算张数和金额，没有个人信息。"),
    "settlement:mine": _("看今年医保付了多少、自己付了多少，不对可以申诉。"),
    "settlement:list": _("查结算单：点单号看每一分钱由谁支付、依据哪一条。"),
    "settlement:waiting": _(
        "这里只有需要人看过的单据，写明了原因，看过后点“办理结算”；其余自动结算。"
    ),
    "settlement:detail": _(
        "一张结算单的完整计算过程；每一步旁边是条款，点“所用参数”看数值。"
    ),
    # referral
    "referral:desk": _("处理转来的病人：最急的在最上面，先接收、询问或退回。"),
    "referral:sent": _(
        "看已发出的转诊走到哪一步；对方没应答时，在这里催办或补充资料。"
    ),
    "referral:candidates": _("看在院病人中谁可以转回基层；核对后点“开具下转”。"),
    "referral:new": _("写一张转诊单：填诊断和理由，选去哪里，再点“提交转诊”。"),
    "referral:edit": _("接着写没发出的转诊单；写好后点“提交转诊”。"),
    "referral:find": _("扫码或输入单号，直接打开那一张转诊单。"),
    "referral:detail": _("一张转诊单的全部内容和经过；下一步在右上方的按钮里。"),
    "referral:bulk": _("一次处理多张转诊：先勾选，再预览，确认后才会执行。"),
    "referral:next_hospital": _("对方一直没有应答时改请下一家：选一家医院，再点确认。"),
    "referral:displays": _("在挂屏的电脑上开启转诊大屏；不用的，在这里停止。"),
    "referral:wall_ended": _("大屏已停止显示；请重新登录，再开启大屏。"),
    "referral:print": _("打印转诊单：核对后按“打印”，交给病人带去。"),
    "referral:print_feedback": _("打印医院的反馈：核对后按“打印”，交给病人或存档。"),
    "referral:print_follow_up": _("打印随访记录：核对后按“打印”，签字存档。"),
    "referral:print_list": _("打印转诊清单：核对后按“打印”，交接时用。"),
    "referral:follow_ups": _("要打的随访电话和要联系的病人；打完后记下结果。"),
    "referral:breaches": _("本机构超过时限的转诊；逐条选原因并写明。"),
    "referral:compliance": _("核对转诊是否合规；点一条可以看判定的每一步依据。"),
    "referral:compliance_steps": _("这一条转诊怎样判定出来的；有出入请联系转出机构。"),
    "referral:counts": _("按机构和月份看转诊的数字；可以换时间段，也可以导出。"),
    "referral:mine": _("看您和家人的转诊走到哪一步、下一步做什么；有事按号码打电话。"),
    "referral:mine_detail": _("您的转诊单：到医院时出示二维码或报单号即可。"),
    # reception and places
    "reception:today": _("登记今天来的病人：找到居民，核验本人，再登记接诊。"),
    "reception:receive": _("登记这位病人来了：先刷卡或用验证码核验本人，再选科室。"),
    "scheduling:places": _("登记空床和号源，转来的病人从这里留床、约号。"),
    # residents
    "population:search": _("按身份证、姓名、拼音或电话找居民；没有找到再新登记。"),
    "population:register": _("新登记一位居民；先看是不是已经有档案，避免重复。"),
    "population:person": _("一位居民的档案和就诊经过；可以开转诊或登记接诊。"),
    "population:break_glass": _(
        "只在紧急而来不及核验时用：选原因、写明情况，事后复核。"
    ),
    "population:reviews": _("复核紧急调阅是否合理；等得最久的在最上面。"),
    "population:mine": _(
        "看您的资料、谁可以代办、允许了谁查看；不想再给看就点“撤销”。"
    ),
    "audit:who_looked": _("谁、什么时候、凭什么看过您的档案；觉得不对请打电话来问。"),
    "record:timeline": _("按时间看这位居民在各级机构的就诊；点一段看详情。"),
    "record:problems": _("这位居民的诊断和健康问题，新的在上面。"),
    "record:medications": _("这位居民正在用和用过的药；开新药前先看这里。"),
    "record:results": _("这位居民的检查检验结果；先看有没有可以互认的。"),
    "record:documents": _("这位居民的病历文书；点开看全文。"),
    "record:advice": _("按规则给出的提示和依据；是否采纳由医师决定。"),
    "record:resource": _("一条记录的原文和历次版本。"),
    # institutions and consortia
    "directory:list": _("查机构和转诊电话；点名称看科室、值班和服务项目。"),
    "directory:detail": _("一家机构的概况、电话和服务；管理员可以在右侧更改联系方式。"),
    "directory:departments": _("这家机构的科室和能收治的病种。"),
    "directory:staff": _("这家机构的人员和岗位；变动请找系统管理员。"),
    "directory:duty": _("今后 7 天谁值班、打哪个电话；排班后转诊会通知值班人。"),
    "directory:open": _("设立一家新机构；代码和第一名称请对照证书填写。"),
    "directory:accounts": _("管理工作人员的账号：查人、新增、重置密码。"),
    "directory:take_on": _("新增人员：一次建好人员、账号和岗位，密码只显示一次。"),
    "directory:account": _("一个人的账号和岗位：离任、锁定、重置都在这里，立即生效。"),
    "consortium:list": _("查医联体和成员；点名称看成员、牵头单位和协议。"),
    "consortium:found": _("成立一个医联体；先填名称、形式和主管部门，再加成员。"),
    "consortium:detail": _("一个医联体的成员和协议；缺转诊协议的会标出来。"),
    "consortium:join": _("为医联体加一个成员；选机构、身份和起止日期。"),
    "consortium:draft": _("起草一份协议；各方签署后才生效。"),
    "consortium:agreement": _("一份协议的内容和签署情况；轮到本机构时在这里签署。"),
    # keeping watch
    "audit:list": _("查谁在什么时候做了什么；先缩小时间和人，再查找。"),
    "audit:verify": _("核对审计记录有没有被改动；结果有问题请立即报告。"),
    "parameters:list": _("看各项时限和数值；更改须一人提出、另一人发布。"),
    "parameters:key": _("一项参数的现值和历次值；新值写明依据，从生效日起用。"),
    "outbox:list": _("看没有送达的事件；查明原因后点“重发”。"),
    "notify:inbox": _("发给您和本岗位的消息；点开就到要办的那一页。"),
    # messages of other systems
    "exchange:list": _("其他系统发来的消息；对不上人或机构的，核对后再办。"),
    "exchange:message": _("核对这条消息说的是谁、转到哪里，补全后重新处理。"),
    "exchange:register": _("把消息里的人登记为新居民；先看是不是已有档案。"),
    "exchange:feeds": _("登记哪些成员系统可以发来消息；停用后立即不再接收。"),
    "exchange:open_feed": _("登记一个接口：填机构、发送方和消息种类，口令只显示一次。"),
    "exchange:outgoing": _("发给其他系统的消息；没有送达的，查明原因后重发。"),
    "exchange:peers": _("登记把转诊发给哪些系统；停用后立即不再发送。"),
    "exchange:open_peer": _("登记一个接收系统：填机构、地址和消息种类。"),
    "exchange:peer": _("一个接收系统的设置；改动后先发一条试试。"),
    "exchange:feed": _("一个接口的设置和代码对照；对不上的代码在这里补。"),
    # parameters of the insurer, prices
    "policy:parameters": _("看哪个版本的医保参数在用；改动由一人起草、另一人发布。"),
    "policy:version": _("看一个版本在某天的各项待遇标准，每个值都有条款和依据。"),
    "policy:draft": _("看草案改了什么、影响哪些日期，由另一人复核后发布。"),
    "policy:edit": _("在表中改值并写明依据，错处标在格内，保存后交人复核。"),
    "policy:new": _("填写生效日期和依据，从现有版本的值开始修改。"),
    "policy:upload": _("选择参数文件读入；有错时逐处列出，改好再传。"),
    "policy:replace": _("用改好的参数文件替换这份草案的全部内容。"),
    "policy:compare": _("逐项看两个版本哪一天起哪些值不同。"),
    "policy:prices": _("按编码、名称或拼音首字母查价格，点名称看历次变化。"),
    "policy:price": _("看一个项目历次的价格和依据，新价格另登记一条。"),
    "policy:set_price": _("填写新价格和生效日期，以前的价格到那天为止。"),
    "policy:import_prices": _("选择价格表导入；错的行会列出，改好后再导一次。"),
    # global budget
    "budget:list": _("看各医联体本年总额用了多少、全年会到哪里，点名称看明细。"),
    "budget:pool": _("看一个总额的核定、使用、预付和考核，点机构看每天。"),
    "budget:house": _("看参保人每天在这家机构的基金支付，点日期看结算单。"),
    "budget:outside": _("看参保人每天在区外的基金支付，点日期看结算单。"),
    "budget:open": _("填写参保人数和标准，由另一位医保经办复核后生效。"),
    "budget:act": _("按右边的依据填写，提交后记入台账，错了只能冲销。"),
    "budget:supplement": _("双方确认后发现有错，在这里补充清算；原清算一字不改。"),
    "budget:clearing": _("核对计算过程，双方确认后冻结，再分配到成员。"),
    "budget:paper": _("打印清算表，由双方签字盖章后存档。"),
    "budget:simulate": _("改右边的条件，看全年结余和各层级分到多少。"),
    "budget:subsidies": _("看财政补助怎样随考核结果增减，错了只能冲销。"),
    "budget:points": _("登记本机构收支和积分，按积分分配可分配收入。"),
    "budget:enter_income": _("登记一个月的医疗服务收入和成本，错了只能冲销。"),
    "budget:give_points": _("给本机构人员登记积分并写明事由，错了只能冲销。"),
    "budget:return": _("写明退回原因，清算会重新计算。"),
    "budget:distribute": _("填写分配办法和各成员的权重、绩效，确认后不再更改。"),
}


@dataclass(frozen=True, slots=True)
class HelpLine:
    words: str
    desk: HelpDesk | None


def help_line(request: HttpRequest) -> HelpLine | None:
    match = request.resolver_match
    words = HELP.get(match.view_name) if match else None
    if words is None:
        return None
    return HelpLine(words, _desk_of(getattr(request, "actor", None)))


# A telephone changes rarely and is shown on every page: asked for once in a while.
_SECONDS: Final = 60.0
_MOST_KEPT: Final = 2_000
_kept: Final[dict[UUID | None, tuple[float, HelpDesk | None]]] = {}


def _desk_of(actor: Actor | None) -> HelpDesk | None:
    key = None if actor is None else actor.institution_id or actor.account_id
    until, desk = _kept.get(key, (0.0, None))
    if time.monotonic() < until:
        return desk
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    desk = _ask(actor)
    _kept[key] = (time.monotonic() + _SECONDS, desk)
    return desk


def forget() -> None:
    _kept.clear()


def _ask(actor: Actor | None) -> HelpDesk | None:
    found = None if actor is None else _nearest(actor)
    return found or desk_of_region(settings.YILIAN_REGION)


def _nearest(actor: Actor) -> HelpDesk | None:
    """Residents ask the house they signed up with; staff their own desk, else that of
    the hospital leading them, else their own switchboard."""
    day = today()
    if actor.reach is Reach.SELF:
        chosen = _chosen(actor, day)
        numbers = numbers_of(chosen) if chosen else {}
        return _first(numbers[one].whoever_answers() for one in chosen)
    if actor.institution_id is None:
        return None
    leads = leading(actor.institution_id, day)
    numbers = numbers_of([actor.institution_id, *leads])
    own = numbers.pop(actor.institution_id, None)
    if own is None:
        return None
    of_leads = (numbers[one].whoever_answers() for one in leads)
    return _first([own.desk(), *of_leads, own.whoever_answers()])


def _first(desks: Iterable[HelpDesk | None]) -> HelpDesk | None:
    return next((desk for desk in desks if desk), None)


def _chosen(actor: Actor, day: date) -> list[UUID]:
    chosen = [chosen_institutions(one, day) for one in sorted(actor.person_ids)]
    tiers = (Tier.PRIMARY, Tier.VILLAGE, Tier.SECONDARY, Tier.TERTIARY)
    return [of[tier] for of in chosen for tier in tiers if tier in of]
