"""The second factor, from a new colleague's first password to the last recovery code.

Everything goes through the pages; the phone is the standard's own arithmetic.
"""

import re
import time
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect
from pyotp import TOTP

from journeys.conftest import Region

Enter = Callable[..., Page]
PASSWORD: Final = "Spotted-camel-41"  # noqa: S105 of somebody invented
HOUSE: Final = "640121104-C1"  # 闽宁镇中心卫生院 of the demo region


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def test_a_colleague_puts_it_on_and_comes_in_by_it(
    enter: Enter, window: Page, region: Region
) -> None:
    username = f"new.{token_hex(4)}"
    given = _take_on(enter("system_admin"), region, username)

    _by_password(window, region, username, given)
    window.get_by_label("原密码").fill(given)
    for field in window.locator("input[name=new], input[name=again]").all():
        field.fill(PASSWORD)
    window.get_by_role("button", name="保存新密码").click()

    phone, paper = _enrol(window, region)
    _sign_out(window)

    # Half way in, nothing opens.
    _by_password(window, region, username, PASSWORD)
    expect(window.locator("h1")).to_have_text("第二重验证")
    window.goto(f"{region.address}/institutions/")
    expect(window.locator("h1")).to_have_text("第二重验证")

    code = _fresh(phone)
    _type_code(window, code)
    expect(window.locator(".thumb")).to_be_visible()

    # The same code, a moment later, opens no more; one from paper opens once.
    _sign_out(window)
    _by_password(window, region, username, PASSWORD)
    _type_code(window, code)
    expect(window.locator(".error:visible")).to_contain_text("已用过")
    _type_paper(window, paper[0])
    expect(window.locator(".toast")).to_contain_text("还剩 9 个")
    _sign_out(window)
    _by_password(window, region, username, PASSWORD)
    _type_paper(window, paper[0])
    expect(window.locator(".error:visible")).to_contain_text("已用过")
    _type_paper(window, paper[1])
    expect(window.locator(".thumb")).to_be_visible()


def test_a_demand_sends_to_it_and_a_reset_takes_it_off(
    enter: Enter, window: Page, region: Region
) -> None:
    username = f"new.{token_hex(4)}"
    given = _take_on(enter("system_admin"), region, username)
    _by_password(window, region, username, given)
    window.get_by_label("原密码").fill(given)
    for field in window.locator("input[name=new], input[name=again]").all():
        field.fill(PASSWORD)
    window.get_by_role("button", name="保存新密码").click()

    guard = enter("security_admin")
    _demand(guard, region, on=True)
    try:
        window.goto(f"{region.address}/residents/")
        expect(window.locator("h1")).to_have_text("登录安全")
        expect(window.locator("main")).to_contain_text("才能继续工作")
        # The cast comes in by a click and is not asked.
        gp = enter("township_gp")
        gp.goto(f"{region.address}/residents/")
        expect(gp.locator("h1")).not_to_have_text("登录安全")
        _enrol(window, region)
        window.goto(f"{region.address}/residents/")
        expect(window.locator("h1")).not_to_have_text("登录安全")
    finally:
        _demand(guard, region, on=False)

    # A page whose session ends goes to the sign-in page by itself.
    window.goto("about:blank")
    guard.goto(f"{region.address}/institutions/accounts?q={username}")
    guard.locator("main table a").first.click()
    guard.get_by_text("重置第二重验证", exact=True).click()
    guard.get_by_label("重置原因").select_option("phone_lost")
    guard.get_by_label("怎样核实是本人").select_option("face_to_face")
    guard.get_by_role("button", name="确认重置").click()
    expect(guard.locator("main")).to_contain_text("未设置")
    window.goto(f"{region.address}/residents/")
    expect(window.locator("h1")).to_have_text("工作人员登录")
    _by_password(window, region, username, PASSWORD)
    expect(window.locator(".thumb")).to_be_visible()


def _take_on(admin: Page, region: Region, username: str) -> str:
    """The password for one use, as it is shown once."""
    admin.goto(f"{region.address}/institutions/accounts/new")
    code = admin.locator("[name=institution_code]")
    if code.count():
        code.fill(HOUSE)
    admin.locator("[name=name]").fill("测试新同事")
    admin.locator("[name=username]").fill(username)
    admin.locator("[name=roles][value=nurse]").check()
    admin.get_by_role("button", name="新增并开通账号").click()
    return admin.locator(".alert.good code").inner_text()


def _by_password(page: Page, region: Region, username: str, password: str) -> None:
    page.goto(f"{region.address}/account/sign-in")
    page.get_by_label("登录名").fill(username)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_load_state()


def _enrol(page: Page, region: Region) -> tuple[TOTP, list[str]]:
    page.goto(f"{region.address}/account/security")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="开始设置").click()
    expect(page.locator("svg.qr")).to_be_visible()
    phone = TOTP(page.locator("main code.code").inner_text().replace(" ", ""))
    page.get_by_label("6 位验证码").fill(phone.now())
    page.get_by_role("button", name="开启", exact=True).click()
    paper = page.locator(".paper-codes code").all_inner_texts()
    assert len(paper) == 10
    assert all(re.fullmatch(r"[a-z2-9]{5}-[a-z2-9]{5}", one) for one in paper)
    return phone, paper


def _fresh(phone: TOTP) -> str:
    """The next code: the one that put it on is spent."""
    spent = phone.now()
    while phone.now() == spent:
        time.sleep(1)
    return phone.now()


def _type_code(page: Page, code: str) -> None:
    page.get_by_label("6 位验证码").fill(code)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_load_state()


def _type_paper(page: Page, code: str) -> None:
    field = page.locator("#id_recovery")
    if not field.is_visible():
        page.get_by_text("手机不在身边？用恢复码").click()
    field.fill(code.upper())
    page.get_by_role("button", name="用恢复码登录").click()
    page.wait_for_load_state()


def _sign_out(page: Page) -> None:
    for toast in page.locator(".toast button").all():
        toast.click()
    page.locator(".more > summary").click()
    page.locator(".sheet").get_by_role("button", name="退出").click()
    expect(page.locator("h1")).to_have_text("工作人员登录")


def _demand(guard: Page, region: Region, *, on: bool) -> None:
    guard.goto(f"{region.address}/institutions/?q={HOUSE}")
    guard.locator("main table a").first.click()
    guard.get_by_label("本机构岗位登录须有第二重验证").set_checked(on)
    guard.locator("form[action$='sign-in-rule'] button").click()
    guard.wait_for_load_state()
