"""The size of the letters: three, chosen by the reader and kept."""

import pytest
from django.shortcuts import render
from django.test import Client, RequestFactory

from yilian.interfaces.web import shell, views

ask = RequestFactory()


@pytest.mark.parametrize(
    ("letters", "back", "leads_to", "is_kept"),
    [
        ("large", "/residents/mine", "/residents/mine", True),
        ("huge", "https://elsewhere.example/", "/", True),
        ("", "/", "/", True),
        ("<script>", "/", "/", False),
        ("enormous", "//elsewhere.example", "/", False),
    ],
)
def test_a_size_is_kept_and_leads_back_to_us(
    letters: str, back: str, leads_to: str, is_kept: bool
) -> None:
    answer = views.letters(ask.post("/letters", {"letters": letters, "next": back}))
    assert answer["Location"] == leads_to
    assert (shell.LETTERS_COOKIE in answer.cookies) is is_kept


@pytest.mark.parametrize(
    ("cookie", "size"), [("large", "large"), ("huge", "huge"), ("<b>", ""), (None, "")]
)
def test_only_a_known_size_reaches_the_page(cookie: str | None, size: str) -> None:
    request = ask.get("/")
    if cookie:
        request.COOKIES[shell.LETTERS_COOKIE] = cookie
    assert shell.letters_of(request) == size
    shown = render(request, "web/home.html").content.decode()
    assert (f'data-letters="{size}"' in shown) is bool(size)
    assert "<b>" not in shown.split("<head>")[0]


@pytest.mark.django_db
def test_the_size_is_chosen_before_signing_in_as_well() -> None:
    client = Client()
    client.post("/letters", {"letters": "huge", "next": "/account/sign-in"})
    page = client.get("/account/sign-in").content.decode()
    assert 'data-letters="huge"' in page
    assert 'aria-pressed="true">特大' in page
