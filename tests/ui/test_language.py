"""Which language the page speaks: address, choice, earlier visit, browser, in this order."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from lstm.ui import language as module

ROOT = Path(__file__).parents[2]


class Cookies(dict[str, str]):
    def to_dict(self) -> Mapping[str, str]:
        return self


def said(
    monkeypatch: pytest.MonkeyPatch,
    *,
    address: str | None = None,
    chosen: str | None = None,
    cookie: str | None = None,
    browser: str | None = None,
) -> str:
    """Return the language of a visitor of whom this much is known."""
    cookies = Cookies({module.COOKIE: cookie} if cookie else {})
    monkeypatch.setattr(
        module,
        "st",
        SimpleNamespace(
            query_params={"lang": address} if address else {},
            session_state={"_language": chosen} if chosen else {},
            context=SimpleNamespace(cookies=cookies, locale=browser),
        ),
    )
    return module.language()


def test_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, address="zh", chosen="en", cookie="en", browser="en-US") == "zh"
    assert said(monkeypatch, chosen="zh", cookie="en", browser="en-US") == "zh"
    assert said(monkeypatch, cookie="zh", browser="en-US") == "zh"
    assert said(monkeypatch, cookie="en", browser="zh-CN") == "en"


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        ("zh-CN", "zh"),
        ("zh", "zh"),
        ("zh-Hant-TW", "zh"),
        ("en-GB", "en"),
        ("de", "en"),
        (None, "en"),
    ],
)
def test_the_browsers_language(
    monkeypatch: pytest.MonkeyPatch, browser: str | None, expected: str
) -> None:
    assert said(monkeypatch, browser=browser) == expected


def test_an_unknown_language_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, address="xx", cookie="<script>", browser="zh-CN") == "zh"


def test_the_frame_speaks_the_language_of_the_address() -> None:
    page = AppTest.from_file(ROOT / "lstm/ui/frame/main.py", default_timeout=60)
    page.query_params["lang"] = "zh"
    page.run()
    assert not page.exception
    assert page.session_state["_language"] == "zh"
