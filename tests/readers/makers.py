"""Files as real programs write them, made by real libraries."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import docx
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate

from lstm.paths import ASSETS
from lstm.readers.document import Document, Source
from lstm.readers.kinds import read_here

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))

ENGLISH = ParagraphStyle(
    "en", fontName="Times-Roman", fontSize=11, leading=14, firstLineIndent=14, alignment=4
)
CHINESE = ParagraphStyle(
    "zh", fontName="STSong-Light", fontSize=11, leading=16, firstLineIndent=22, wordWrap="CJK"
)


def essay(language: str, number: int = 0) -> list[str]:
    """The paragraphs of an essay that ships."""
    files = sorted((ASSETS / "corpora" / f"essays-{language}").glob("*.txt"))
    return [line for line in files[number].read_text("utf-8").split("\n") if line]


def read(data: bytes, name: str, column: str | None = None) -> Document:
    """The one document of a file, read in this process."""
    (document,) = read_here(Source(name, data, column))
    return document


def lines(document: Document) -> list[str]:
    """The lines of its text that are not blank."""
    return [line for line in document.text.split("\n") if line]


def notes(document: Document) -> dict[str, object]:
    """What was noted, by the last part of the key: the count, or all values."""
    return {
        note.key.removeprefix("documents."): note.values.get("count", note.values)
        for note in document.notes
    }


# -- PDF -------------------------------------------------------------------------------------------


def flowed_pdf(
    paragraphs: Iterable[str], style: ParagraphStyle, heads: Sequence[str] = (), foot: str = ""
) -> bytes:
    """Paragraphs set by ReportLab, with a header (left, right pages in turn) and a footer."""

    def decorate(canvas: Canvas, template: SimpleDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        if heads:
            canvas.drawCentredString(200, 570, heads[template.page % len(heads)])
        if foot:
            canvas.drawCentredString(200, 20, foot.format(page=template.page))

    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=A5).build(
        [Paragraph(paragraph, style) for paragraph in paragraphs],
        onFirstPage=decorate,
        onLaterPages=decorate,
    )
    return file.getvalue()


def drawn_pdf(pages: Iterable[Iterable[tuple[float, float, str]]], font: str = "Courier") -> bytes:
    """Pages with texts at given places, drawn in that order, uncompressed."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5, pageCompression=0, invariant=1)
    for page in pages:
        writer = canvas.beginText()
        writer.setFont(font, 10)
        for x, y, text in page:
            writer.setTextOrigin(x, y)
            writer.textOut(text)
        canvas.drawText(writer)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def pdf_with_own_font(paragraphs: Sequence[str], folder: Path) -> bytes:
    """Paragraphs set by fpdf2 with a font that it embeds a part of; the font is made here."""
    path = folder / "boxes.ttf"
    _save_font(path, "".join(paragraphs))
    pdf = FPDF(format=(105, 148))
    pdf.add_font("boxes", fname=str(path))
    pdf.set_font("boxes", size=11)
    pdf.add_page()
    for paragraph in paragraphs:
        pdf.multi_cell(0, 6, paragraph, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(6)
    return bytes(pdf.output())


def _save_font(path: Path, characters: str) -> None:
    """Save a font whose letters are all the same box."""
    signs = sorted({*characters, " "})
    names = [".notdef", *(f"u{ord(sign):04X}" for sign in signs)]
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    pen.lineTo((50, 800))
    pen.lineTo((900, 800))
    pen.closePath()
    box = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(sign): f"u{ord(sign):04X}" for sign in signs})
    font.setupGlyf(dict.fromkeys(names, box))
    font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 50)))
    font.setupHorizontalHeader(ascent=880, descent=-120)
    font.setupNameTable({"familyName": "Boxes", "styleName": "Regular", "psName": "Boxes"})
    font.setupOS2(sTypoAscender=880, sTypoDescender=-120)
    font.setupPost()
    font.save(path)


def scanned_pdf(pages: int) -> bytes:
    """Pages that are pictures."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5)
    for _ in range(pages):
        canvas.drawInlineImage(Image.new("L", (60, 80), 200), 20, 20, 300, 400)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def locked_pdf(data: bytes, user: str, algorithm: str) -> bytes:
    """The same pages, encrypted with a user's password (which may be empty) and an owner's."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(user, "owner", algorithm=algorithm)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


# -- Zip, Word, EPUB -------------------------------------------------------------------------------


def zipped(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of files by name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def repacked(data: bytes, changes: Mapping[str, bytes | str | None]) -> bytes:
    """An archive with some files changed, added, or (None) left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    for name, change in changes.items():
        if change is None:
            del files[name]
        else:
            files[name] = change
    return zipped(files)


def word(paragraphs: Iterable[str]) -> bytes:
    """A Word file."""
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return saved(document)


def saved(document: docx.document.Document) -> bytes:
    """The bytes of a Word file."""
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""

PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<manifest>{items}</manifest><spine>{spine}</spine></package>"""

CHAPTER = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><style>p {{}}</style></head>
<body><h1>{title}</h1>{paragraphs}</body></html>"""


def chapter(title: str, paragraphs: Iterable[str]) -> str:
    """A chapter of an e-book."""
    body = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)
    return CHAPTER.format(title=title, paragraphs=body)


def book(chapters: Mapping[str, str], spine: Sequence[str] | None = None) -> bytes:
    """An e-book of chapters by file name; the spine names those to read, in order."""
    items = "".join(
        f'<item id="{name}" href="text/{name}" media-type="application/xhtml+xml"/>'
        for name in chapters
    )
    order = "".join(f'<itemref idref="{name}"/>' for name in spine or chapters)
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": PACKAGE.format(items=items, spine=order),
            **{f"OEBPS/text/{name}": text for name, text in chapters.items()},
        }
    )
