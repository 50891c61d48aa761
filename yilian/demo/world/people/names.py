"""Names as people in Ningxia have them, drawn by sex, decade of birth and people."""

from datetime import date
from random import Random
from typing import Final

HAN: Final = "01"
HUI: Final = "03"
UYGUR: Final = "05"
MANCHU: Final = "11"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_HAN_SURNAMES: Final = _words(
    "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 马 朱 胡 郭 何 高 林 罗 梁 宋 郑 谢 韩 唐 冯 "
    "于 董 萧 程 曹 袁 邓 许 傅 沈 曾 彭 吕 苏 卢 蒋 蔡 贾 丁 魏 薛 叶 阎 余 潘 杜 戴 "
    "夏 钟 汪 田 任 姜 范 方 石 姚 谭 廖 邹 熊 金 陆 郝 孔 白 崔 康 毛 邱 秦 江 史 顾 "
    "侯 邵 孟 龙 万 段 雷 钱 汤 尹 黎 易 常 武 乔 贺 赖 龚 文 司马 欧阳 上官 慕容"
)
_HUI_SURNAMES: Final = {
    "马": 330,
    "杨": 80,
    "王": 70,
    "李": 60,
    "张": 40,
    "丁": 40,
    "白": 35,
    "金": 35,
    "田": 30,
    "罗": 30,
    "何": 28,
    "苏": 28,
    "海": 24,
    "哈": 22,
    "纳": 22,
    "锁": 16,
    "穆": 16,
    "撒": 14,
    "买": 14,
    "虎": 12,
    "兰": 12,
    "余": 12,
    "周": 12,
    "黑": 10,
    "咸": 10,
    "拜": 8,
    "摆": 8,
    "者": 6,
    "冶": 6,
    "勉": 6,
}
_MEN: Final = {
    1900: "德福 生财 占山 成林 文山 福贵 正义 永昌 学义 兴旺 廷贵 秉忠 万财 志成 克勤",
    1955: "建国 志强 建军 国庆 学军 卫东 永红 生才 文学 志明 占林 建华 保国 少华 进财",
    1975: "军 涛 勇 强 伟 斌 鹏 小军 海龙 志刚 建平 晓东 文斌 立军 小龙 占军 学文 彦军",
    1990: "浩 磊 超 凯 杰 文博 晓龙 佳伟 海洋 鹏飞 志远 彦龙 嘉豪 宏伟 文杰 瑞 旭东",
    2005: "子轩 浩宇 梓涵 宇航 俊熙 一诺 沐阳 文轩 皓轩 思源 昊天 泽宇 嘉佑 子墨 铭泽",
}
_WOMEN: Final = {
    1900: "秀英 桂兰 玉兰 秀兰 桂花 玉珍 淑珍 凤英 翠花 秀珍 桂英 兰英 月英 玉莲 金花",
    1955: "秀梅 建英 淑琴 玉梅 桂芳 凤霞 爱萍 秀芳 红梅 丽华 彩霞 月琴 玉琴 小兰 春花",
    1975: "丽 娟 霞 燕 敏 静 艳 小燕 晓红 海霞 玉红 小梅 春燕 雪梅 海燕 晓梅 红霞 彦丽",
    1990: "婷 雪 倩 洁 佳 晓婷 文静 佳怡 海燕 晓雯 思敏 雅琴 嘉欣 梦瑶 丽娜 瑞雪 小雨",
    2005: "雨桐 欣怡 梓萱 思涵 诗涵 佳琪 若曦 可欣 语桐 依诺 沐瑶 子涵 昕玥 芷若 心悦",
}
_HUI_MEN: Final = _words("尔撒 哈麦 优素 者麻 伊德 阿布 麦德 沙利 尤努 希哈 耶古 主麻")
_HUI_WOMEN: Final = _words("法图麦 阿舍 麦燕 海彻 哈丽麦 买燕 阿依舍 宰乃 色燕 索非")
_UYGUR_MEN: Final = _words("艾力 买买提 吐尔逊 阿卜杜拉 玉素甫 木沙江 艾尔肯 热合曼")
_UYGUR_WOMEN: Final = _words("阿依古丽 古丽娜尔 热依罕 帕提古丽 阿米娜 玛依拉")
_RARE: Final = _words("䶮 㛃 㼆 堃 喆 赟 玥 翀 昉 旻 珺 𬍛 𫖯 𬭚 䜣 𬴂")
_RARE_IN: Final = 120  # one of so many has a rare character
_HUI_NAME_IN: Final = 9  # one of so many Hui has a name of the faith
_DOT_IN: Final = 60  # one of so many Hui writes it with the dot


def surname(rng: Random, ethnicity: str) -> str:
    if ethnicity == HUI:
        return rng.choices(tuple(_HUI_SURNAMES), tuple(_HUI_SURNAMES.values()))[0]
    # Frequent surnames stand first in the list.
    return _HAN_SURNAMES[int(len(_HAN_SURNAMES) * rng.random() ** 2)]


def given_name(rng: Random, sex: str, born_on: date, ethnicity: str) -> str:
    is_man = sex == "1"
    if ethnicity == HUI and rng.randrange(_HUI_NAME_IN) == 0:
        return rng.choice(_HUI_MEN if is_man else _HUI_WOMEN)
    if rng.randrange(_RARE_IN) == 0:
        return rng.choice(_RARE)
    table = _MEN if is_man else _WOMEN
    decade = max(year for year in table if year <= born_on.year)
    return rng.choice(table[decade].split())


def full_name(rng: Random, family: str, sex: str, born_on: date, ethnicity: str) -> str:
    if ethnicity == UYGUR:
        own = _UYGUR_MEN if sex == "1" else _UYGUR_WOMEN
        return f"{rng.choice(own)}·{rng.choice(_UYGUR_MEN)}"
    given = given_name(rng, sex, born_on, ethnicity)
    if ethnicity == HUI and rng.randrange(_DOT_IN) == 0:
        return f"{family}·{rng.choice(_UYGUR_MEN if sex == '1' else _HUI_WOMEN)}"
    return family + given
