"""Word files come back paragraph by paragraph, with what Word itself would show."""

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

from lstm.errors import DocumentError
from tests.readers.makers import essay, lines, notes, read, repacked, saved, word, zipped

BILLION_LAUGHS = (
    '<!DOCTYPE w:document [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY c{n} "{f"&c{n - 1};" * 10}">' for n in range(1, 10)).replace("c0", "b")
    + "]>"
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_paragraphs_come_back(language: str) -> None:
    document = read(word(essay(language)), "essay.docx")
    assert document.text == "\n".join(essay(language))
    assert document.encoding == "Word"
    assert not document.notes


def test_blank_paragraphs_are_kept_one_at_a_time() -> None:
    assert read(word(["", "one", "", "", "two", ""]), "a.docx").text.strip("\n") == "one\n\ntwo"


def test_tabs_line_breaks_and_hyphens_are_what_they_look_like() -> None:
    document = docx.Document()
    run = document.add_paragraph().add_run("one\ttwo\nthree-")
    run._r.append(OxmlElement("w:noBreakHyphen"))
    run.add_text("four")
    assert read(saved(document), "a.docx").text == "one\ttwo\nthree--four"


def test_tables_are_read_row_by_row_where_they_stand() -> None:
    document = docx.Document()
    document.add_paragraph("before")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["a", "b", "c", "d"], strict=True):
        cell.text = text
    document.add_paragraph("after")
    assert lines(read(saved(document), "a.docx")) == ["before", "a\tb", "c\td", "after"]


def test_headers_and_footers_are_not_read() -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "the header"
    document.sections[0].footer.paragraphs[0].text = "the footer"
    document.add_paragraph("the text")
    assert read(saved(document), "a.docx").text == "the text"


def test_tracked_changes_are_read_as_accepted() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("kept ")
    for tag, text_tag, text in (("ins", "t", "inserted"), ("del", "delText", "deleted")):
        change = parse_xml(
            f'<w:{tag} {nsdecls("w")} w:id="1"><w:r><w:{text_tag}>{text}</w:{text_tag}></w:r>'
            f"</w:{tag}>"
        )
        paragraph._p.append(change)
    found = read(saved(document), "a.docx")
    assert found.text == "kept inserted"
    assert notes(found) == {"word_deleted": 1}


def test_a_text_box_is_read_once_and_after_its_paragraph() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("before the box ")
    box = "<w:txbxContent><w:p><w:r><w:t>in the box</w:t></w:r></w:p></w:txbxContent>"
    spaces = (
        nsdecls("w") + ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    )
    paragraph._p.append(
        parse_xml(
            f"<w:r {spaces}><mc:AlternateContent><mc:Choice>{box}</mc:Choice>"
            f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>"
        )
    )
    paragraph.add_run("after the box")
    document.add_paragraph("next")
    text = read(saved(document), "a.docx").text
    assert text.split("\n") == ["before the box after the box", "in the box", "next"]


def test_footnotes_are_counted() -> None:
    document = docx.Document()
    run = document.add_paragraph("text").add_run()
    reference = OxmlElement("w:footnoteReference")
    reference.set(qn("w:id"), "2")
    run._r.append(reference)
    assert notes(read(saved(document), "a.docx")) == {"word_footnotes": 1}


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_entities_are_refused(codec: str) -> None:
    body = "<w:document><w:body><w:p><w:r><w:t>&c9;</w:t></w:r></w:p></w:body></w:document>"
    part = f'<?xml version="1.0" encoding="{codec}"?>{BILLION_LAUGHS}{body}'.encode(codec)
    laughing = repacked(word(["text"]), {"word/document.xml": part})
    with pytest.raises(DocumentError, match="is damaged"):
        read(laughing, "a.docx")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "locked with a password or saved in"),
        (b"no zip file", "“a.docx” is damaged"),
        (zipped({"hello.txt": "no Word file"}), "“a.docx” is damaged"),
        (word(["text"])[:2000], "“a.docx” is damaged"),
        (repacked(word(["text"]), {"word/document.xml": "<w:document"}), "“a.docx” is damaged"),
        (repacked(word(["text"]), {"word/document.xml": None}), "“a.docx” is damaged"),
        (word([" "]), "nothing but blanks"),
    ],
)
def test_what_can_not_be_read_is_told(data: bytes, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence):
        read(data, "a.docx")
