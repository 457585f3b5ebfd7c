"""The registry, the handouts and the links of the lesson."""

import ast
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lstm.messages import LANGUAGES, Language, catalogue, text
from lstm.ui import learn
from lstm.ui.learn.chapters import CHAPTERS, chapter, neighbour
from lstm.ui.learn.handout import handout
from lstm.ui.learn.lesson import Lesson
from lstm.ui.learn.link import LONGEST_QR, hidden, lesson_link, qr_image
from lstm.ui.learn.teacher import FRAME

ORDER = (
    *("order", "loop", "tasks", "vanishing", "gates"),
    *("guessing", "temperature", "recipes", "copying", "yours"),
)
LINK = "https://example.com/learn?chapter=gates&lang=zh"


def is_chapter(file: Path) -> bool:
    tree = ast.parse(file.read_text("utf-8"))
    named = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return "TERMS" in named


def test_the_registry_lists_every_chapter_in_the_order_of_the_lesson() -> None:
    folder = Path(learn.__file__).parent
    assert set(CHAPTERS) == {file.stem for file in folder.glob("*.py") if is_chapter(file)}
    assert list(CHAPTERS) == sorted(CHAPTERS, key=ORDER.index)


@pytest.mark.parametrize("key", CHAPTERS)
def test_a_chapter_can_be_drawn_and_says_what_a_teacher_may_hide(key: str) -> None:
    entered = chapter(key)
    assert callable(entered.render)
    for control in getattr(entered, "CONTROLS", ()):
        known = {f"learn.control.{control}", f"learn_{key}.{control}"}
        assert known & catalogue("en").keys(), control


def test_the_neighbours_end_at_the_ends() -> None:
    assert neighbour(CHAPTERS[0], -1) is None
    assert neighbour(CHAPTERS[-1], 1) is None
    assert neighbour(CHAPTERS[0], 1) == CHAPTERS[1]


# -- links --------------------------------------------------------------------------------------


def test_a_link_says_what_is_hidden_and_comes_back_the_same() -> None:
    query = {"chapter": "gates", "lang": "zh", "source": "essays-zh", "word": "你好 & <b>"}
    link = lesson_link("https://example.com/a/learn?old=1#x", query, ["teacher", "dice"])
    parts = urlsplit(link)
    asked = {name: value[0] for name, value in parse_qs(parts.query).items()}
    assert (parts.netloc, parts.path, parts.fragment) == ("example.com", "/a/learn", "")
    assert hidden(asked.pop("hide")) == {"teacher", "dice"}
    assert asked == query


@pytest.mark.parametrize("said", [None, "", ",,", "<script>", "a" * 50, "A,B", "x y"])
def test_what_is_no_name_of_a_control_is_dropped(said: str | None) -> None:
    assert hidden(said) == frozenset()


def test_a_lesson_shows_what_is_not_hidden() -> None:
    lesson = Lesson("text", "en", hidden=frozenset(FRAME))
    assert not lesson.shows("source")
    assert lesson.shows("dice")


def test_a_code_is_a_picture_and_a_long_link_has_none() -> None:
    image = qr_image(LINK)
    assert image is not None
    assert image.startswith("data:image/svg+xml")
    assert qr_image("https://example.com/?" + "x" * LONGEST_QR) is None


# -- handouts -----------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Reads a page: its words, and every address that it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.sources: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", CHAPTERS)
def test_a_handout_holds_all_that_it_needs(key: str, language: Language) -> None:
    terms = chapter(key).TERMS
    reader = Reader()
    reader.feed(handout(key, terms, language, LINK + "&q=<b>"))
    said = "".join(reader.words)
    assert not reader.open
    assert all(source.startswith("data:image/svg+xml") for source in reader.sources)
    assert text(f"learn_{key}.title", language) in said
    assert text(f"learn_{key}.question", language) in said
    assert LINK + "&q=<b>" in said
    for term in terms:
        assert text(f"glossary.{term}.text", language) in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ORDER)
def test_every_chapter_has_an_idea_three_steps_and_two_questions(
    key: str, language: Language
) -> None:
    assert text(f"handout.{key}.idea", language)
    assert len(text(f"handout.{key}.try", language).splitlines()) == 3
    assert len(text(f"handout.{key}.ask", language).splitlines()) == 2
