"""Web pages and chapters of e-books: the text between the tags, paragraph by paragraph.

Nothing is fetched and nothing is run. The parser reports tags as it meets them and builds no
tree, so a page of any depth costs no more than its size. Knows nothing of files in archives.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lxml import etree

from lstm.readers.bounds import damaged
from lstm.readers.document import Document, Note, Source
from lstm.readers.lines import join_lines
from lstm.readers.plain import Decoded, decode

_DROPPED = {
    "audio", "button", "canvas", "datalist", "dialog", "embed", "head", "iframe", "map", "nav",
    "noscript", "object", "option", "rp", "rt", "script", "select", "style", "svg", "template",
    "textarea", "title", "video",
}  # fmt: skip
"""Parts that are no running text: menus, scripts, controls, what stands in for a film, and the
pronunciation above Chinese and Japanese characters."""

_SILENT = {"head", "rp", "rt", "script", "style", "template", "title"}
"""Dropped parts that every page has and nobody misses: not counted in the note."""

_WHOLE = {"html", "body"}
"""Often hidden until a script has run."""

_PARAGRAPHS = {
    "address", "article", "aside", "blockquote", "body", "dl", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "ol", "p", "pre",
    "section", "table", "ul",
}  # fmt: skip
"""A blank line stands before and after these."""

_LINES = {"br", "caption", "dd", "div", "dt", "legend", "li", "summary", "td", "th", "tr"}
"""A line of its own; cells of one row are the exception, see ``_CELLS``."""

_CELLS = {"td", "th"}

_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARATION_WITHIN = 4096
"""Bytes from the beginning in which a page names its encoding; browsers look at 1024."""

_CODECS = {
    "utf-8": "utf-8", "utf8": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030",
    "x-gbk": "gb18030", "gb_2312-80": "gb18030", "big5": "big5", "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "windows-1250": "cp1250", "windows-1251": "cp1251",
    "windows-1252": "cp1252", "windows-1253": "cp1253", "windows-1254": "cp1254",
    "windows-1255": "cp1255", "windows-1256": "cp1256", "windows-1257": "cp1257",
    "windows-1258": "cp1258", "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252",
    "iso-8859-2": "iso8859_2", "iso-8859-5": "iso8859_5", "iso-8859-7": "iso8859_7",
    "iso-8859-9": "cp1254", "iso-8859-15": "iso8859_15", "koi8-r": "koi8_r", "koi8-u": "koi8_u",
}  # fmt: skip
"""Names that pages use and the codecs that read what is meant by them (WHATWG Encoding). Only
these: Python knows codecs, such as ``zlib``, that a stranger must not choose."""

_EMPTY_RAW = re.compile(r"<(script|style|title|textarea|iframe|noscript)\b([^<>]*)/>", re.I)
"""``<title/>`` closes itself in XHTML; to an HTML parser it begins a title that never ends."""

_MAIN_SHARE = 0.5
"""Share of a page's text above which its main part is taken for all that matters."""

_BLANKS = re.compile(r"[ \t\n\r\f\xa0]+")
_HIDDEN = re.compile(r"display:none|visibility:hidden", re.I)


class PageText(NamedTuple):
    """The text of a page.

    Attributes:
        text: Paragraphs, a blank line between two.
        dropped: Number of menus, controls and hidden parts that were left out.
    """

    text: str
    dropped: int


def read_webpage(source: Source) -> Document:
    """Read an .html file.

    Raises:
        DocumentError: It is no text or can't be parsed.
    """
    decoded = decode_markup(source.data, source.name)
    page = page_text(decoded.text, source.name)
    notes = decoded.notes
    if page.dropped:
        notes = (*notes, Note("documents.html_dropped", {"count": page.dropped}))
    return Document(source.name, page.text, decoded.encoding, notes)


def decode_markup(data: bytes, name: str) -> Decoded:
    """Decode a page by what it says about itself, if that fits.

    Raises:
        DocumentError: It is no text.
    """
    named = _CHARSET.search(data[:_DECLARATION_WITHIN])
    label = named[1].decode("ascii", "replace").lower() if named else ""
    return decode(data, name, _CODECS.get(label))


def page_text(markup: str, name: str) -> PageText:
    """Return the text of HTML or XHTML.

    Raises:
        DocumentError: The parser gives up.
    """
    markup = _EMPTY_RAW.sub(r"<\1\2></\1>", markup)
    with damaged(name):
        listener = _Listener()
        target: Any = listener  # the stubs expect bytes too, which lxml hands out no more
        parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
        parser.feed(markup.encode("utf-8", "replace"))
        parser.close()
    return listener.result()


class _Listener:
    """Gathers text while the parser reports tags."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._depth = 0
        self._dropped_at: int | None = None
        self._dropped = 0
        self._pre_at: int | None = None
        self._main_at: int | None = None
        self._main_from = 0
        self._main: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._dropped_at is not None:
            return
        if tag in _DROPPED or (tag not in _WHOLE and _is_hidden(attributes)):
            self._dropped_at = self._depth
            self._dropped += tag not in _SILENT
            return
        self._border(tag)
        if tag == "pre" and self._pre_at is None:
            self._pre_at = self._depth
        if tag == "main" and self._main_at is None:
            self._main_at, self._main_from = self._depth, len(self._lines)

    def end(self, tag: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if self._dropped_at is not None:
            if depth == self._dropped_at:
                self._dropped_at = None
            return
        if tag == "br":
            return
        self._border(tag)
        if depth == self._pre_at:
            self._pre_at = None
        if depth == self._main_at:
            self._main_at = None
            self._main += self._lines[self._main_from :]

    def data(self, text: str) -> None:
        if self._dropped_at is not None:
            return
        if self._pre_at is None:
            self._line.append(text.replace("\t", " "))  # a tab would be the border of a cell
            return
        first, *more = text.split("\n")
        self._line.append(first)
        for line in more:
            self._end_line()
            self._line.append(line)

    def comment(self, text: str) -> None:
        """Comments are no text."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Neither are processing instructions."""

    def close(self) -> None:
        """The page has ended."""

    def result(self) -> PageText:
        """Return all that was gathered."""
        self._end_paragraph()
        whole, main = ("\n".join(lines).strip("\n") for lines in (self._lines, self._main))
        # What a page calls its main part leaves the decoration out, unless it is the decoration.
        if len(whole) > len(main) > _MAIN_SHARE * len(whole):
            return PageText(main, self._dropped + 1)
        return PageText(whole, self._dropped)

    def _border(self, tag: str) -> None:
        if tag in _CELLS:
            self._end_cell()
        elif tag in _PARAGRAPHS:
            self._end_paragraph()
        elif tag in _LINES:
            self._end_line(keep_blank=tag == "br")

    def _end_cell(self) -> None:
        if self._line and not self._line[-1].endswith("\t"):
            self._line.append("\t")

    def _end_line(self, *, keep_blank: bool = False) -> None:
        line = "".join(self._line)
        self._line = []
        if self._pre_at is not None:
            self._lines.append(line.rstrip())
            return
        cells = [join_lines(cell.split("\n")) for cell in line.split("\t")]
        line = "\t".join(_BLANKS.sub(" ", cell).strip() for cell in cells).strip()
        if line or (keep_blank and self._lines):
            self._lines.append(line)

    def _end_paragraph(self) -> None:
        self._end_line()
        if self._lines and self._lines[-1]:
            self._lines.append("")


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    if not attributes:
        return False
    style = attributes.get("style", "").replace(" ", "")
    role = attributes.get("role", "")
    return "hidden" in attributes or role == "navigation" or _HIDDEN.search(style) is not None
