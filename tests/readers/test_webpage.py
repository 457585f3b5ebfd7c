"""Of a web page the paragraphs come back; menus, scripts and markup do not."""

import pytest

from lstm.errors import DocumentError
from tests.readers.makers import essay, notes, read

PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>no title</title>
<style>p { color: red }</style><script>if (1 < 2) { alert("no script") }</script></head>
<body onload="alert(1)"><nav><ul><li>no menu</li></ul></nav><header><h1>Head</h1></header>
<p>One <b>bold</b> word,
   one <a href="https://example.org/">link</a>.</p><p hidden>no hidden</p>
<div>line one<br>line two</div><ul><li>first</li><li>second</li></ul>
<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><p>2</p></td></tr></table>
<pre>  kept
    as it is</pre><button>no button</button><svg><text>no picture</text></svg>
<iframe src="https://example.org/"></iframe><!-- no comment --><p>Last &mdash; 汉&#23383;</p>
<noscript>no noscript</noscript></body></html>"""


def test_paragraphs_lines_and_tables_come_back() -> None:
    document = read(PAGE.encode(), "page.html")
    assert document.text.split("\n") == [
        "Head", "", "One bold word, one link.", "", "line one", "line two", "", "first", "second",
        "", "a\tb", "1", "", "2", "", "  kept", "    as it is", "", "Last — 汉字",
    ]  # fmt: skip
    assert notes(document) == {"html_dropped": 6}
    assert " no " not in document.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_essay_comes_back(language: str) -> None:
    page = "<html><body>" + "".join(f"<p>{line}" for line in essay(language))
    assert read(page.encode(), "a.htm").text.split("\n\n") == essay(language)


@pytest.mark.parametrize(
    ("charset", "codec", "label"),
    [
        ("gb2312", "gb18030", "GB18030"),
        ("GBK", "gbk", "GB18030"),
        ("big5", "big5", "Big5"),
        ("utf-8", "utf-8", "UTF-8"),
        ("shift_jis", "cp932", "Shift-JIS"),
    ],
)
def test_the_encoding_that_a_page_names_is_believed(charset: str, codec: str, label: str) -> None:
    # So short that no guess could be sure.
    page = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}"><p>天空'
    document = read(page.encode(codec), "a.html")
    assert (document.text, document.encoding) == ("天空", label)


def test_an_encoding_that_does_not_fit_is_not_believed() -> None:
    page = '<meta charset="utf-8"><p>' + "".join(essay("zh"))
    document = read(page.encode("gb18030"), "a.html")
    assert document.text == "".join(essay("zh"))


@pytest.mark.parametrize("charset", ["zlib", "rot13", "unicode_escape", "idna", "undefined", "é"])
def test_a_page_can_not_choose_any_codec(charset: str) -> None:
    page = f'<meta charset="{charset}"><p>天空是蓝色的，很蓝'
    assert read(page.encode(), "a.html").text == "天空是蓝色的，很蓝"


def test_a_few_broken_bytes_do_not_make_a_named_encoding_wrong() -> None:
    page = f'<meta charset="utf-8"><p>{"Press ← or → to go on. " * 5}'.encode() + b"\xed\xa0 end"
    document = read(page, "a.html")
    assert document.text == "Press ← or → to go on. " * 5 + "end"
    assert document.encoding == "UTF-8"


@pytest.mark.parametrize(("main", "kept"), [("the text of the page " * 3, False), ("x", True)])
def test_of_a_page_with_a_main_part_that_part_is_read(main: str, kept: bool) -> None:
    page = f"<div>Skip to main content</div><main><p>{main}</p></main><footer>all rights</footer>"
    document = read(page.encode(), "a.html")
    assert main.strip() in document.text
    assert ("Skip to" in document.text) == kept
    assert ("all rights" in document.text) == kept
    assert ("html_dropped" in notes(document)) != kept


def test_a_line_break_between_chinese_characters_is_no_space() -> None:
    assert read("<p>春天\n  来了\nspring\ncame".encode(), "a.html").text == "春天来了spring came"


def test_pronunciation_above_characters_is_left_out() -> None:
    page = "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>です"
    assert read(page.encode(), "a.html").text == "漢字です"


def test_tags_that_close_themselves_swallow_nothing() -> None:
    page = '<html><head><title/><script src="x"/></head><body><p>text</p></body></html>'
    assert read(page.encode(), "a.html").text == "text"


@pytest.mark.parametrize(
    "page",
    ["<div>" * 100_000 + "deep", "<p>deep" + "<!--" * 100_000, "<b><i>" * 50_000 + "deep"],
    ids=["depth", "comments", "unclosed"],
)
def test_pages_made_to_exhaust_a_parser_are_read(page: str) -> None:
    assert read(page.encode(), "a.html").text == "deep"


def test_a_page_without_text_is_told() -> None:
    with pytest.raises(DocumentError, match="nothing but blanks"):
        read(b"<html><script>var app = 1</script><div id=root></div></html>", "a.html")
    with pytest.raises(DocumentError, match="is not a text"):
        read(b"\x89PNG\r\n\x1a\n" + bytes(100), "a.html")
