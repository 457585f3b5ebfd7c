"""Guessing the next character: the learner against counting and against a network.

The state of a game stays in the session and may vanish; only a result sent to the class is kept.
"""

import secrets
from dataclasses import dataclass, field
from functools import partial
from html import escape

import streamlit as st

from lstm.corpus import Corpus
from lstm.errors import StoreError
from lstm.lessons.guessing import (
    GUESSES,
    Opinion,
    Rank,
    counted,
    expected,
    lower_bound,
    upper_bound,
)
from lstm.ui import blocks, rooms
from lstm.ui.components.guessbox import guess_box
from lstm.ui.language import language, t
from lstm.ui.learn.glossary import term
from lstm.ui.learn.lesson import Lesson
from lstm.ui.learn.writer import choose
from lstm.ui.look.context import digest
from lstm.ui.networks import Choice, Snapshot
from lstm.ui.services import owner, store

TERMS = ("shannon", "bit", "surprise", "ngram", "held_out", "chance")
CONTROLS = ("network",)

LENGTH = 40
"""Characters to guess in one game."""

ENOUGH = 20
"""Characters after which the figures begin to mean something and may be sent to the class."""

GAME = "shannon"
"""Under which name the class keeps the score."""

_BEFORE = 400
_SHOWN = 200
_KEPT = "_learn_guessing"


@dataclass(frozen=True, eq=False)
class Board:
    """A passage and what the machines make of it.

    Attributes:
        before: What stands before it, as much as is shown. Hostile.
        passage: The characters to guess. Hostile.
        symbols: Size of the text's vocabulary.
        counting: What the counting model expected.
        network: Ranks that the network's guesses had.
        network_bits: Its surprise at each character.
    """

    before: str
    passage: str
    symbols: int
    counting: Opinion
    network: list[Rank]
    network_bits: list[float]


@dataclass
class Game:
    """How far the learner is.

    Attributes:
        place: Where the passage begins, as a throw of 0 to 1.
        ranks: For each guessed character, which guess was right.
        tried: Wrong guesses at the next one.
        sent: Whether the result was sent to the class.
        refused: Why it was not.
    """

    place: float
    ranks: list[Rank] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    sent: bool = False
    refused: StoreError | None = None

    def guess(self, character: str, right: str) -> None:
        """Take a guess; after the last wrong one the character is given away."""
        if len(self.ranks) >= LENGTH or character in self.tried:
            return
        if character == right:
            self.ranks.append(len(self.tried) + 1)
            self.tried = []
            return
        self.tried.append(character)
        if len(self.tried) >= GUESSES:
            self.ranks.append(None)
            self.tried = []


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    said = t(
        "learn_guessing.idea",
        shannon=term("shannon"),
        bits=term("bit", t("learn_guessing.bits_word")),
        ngram=term("ngram"),
        held_out=term("held_out"),
        guesses=GUESSES,
    )
    st.html(f"<p>{said}</p>")
    with st.container(width=420):
        choice = choose(lesson, t("learn_guessing.network"))
    st.fragment(_play)(lesson, choice)


def _play(lesson: Lesson, choice: Choice) -> None:
    """Draw the game: the body of the fragment."""
    key = f"{digest(lesson.text)}-{choice.key}"
    games: dict[str, Game] = st.session_state.setdefault(_KEPT, {})
    game = games.setdefault(key, Game(0.5))
    snapshot = Snapshot.of(choice)
    name = f"{choice.key}@{choice.file()}:{choice.file().stat().st_mtime_ns}"
    board = _board(digest(lesson.text), name, game.place, lesson.text, snapshot)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _passage(board, game)
        if len(game.ranks) < len(board.passage):
            _ask(board, game)
        else:
            blocks.alert(t("learn_guessing.over"), "good")
        with st.container(horizontal=True, gap="small"):
            label = t("learn_guessing.another")
            st.button(label, key="guessing-another", on_click=_another, args=(games, key))
            _class(board, game)
    if game.ranks:
        with right:
            st.html(blocks.table_html(t("learn_guessing.result"), table_of(board, game.ranks)))
            _facts(board, game)
        st.html(ranks_html(board, game.ranks))


@st.cache_resource(show_spinner=False, max_entries=32)
def _board(text: str, network: str, place: float, _text: str, _snapshot: Snapshot) -> Board:
    # Streamlit finds the result by what has no underscore.
    corpus = _corpus(text, _text)
    held_out = corpus.held_out
    room = max(0, len(held_out) - LENGTH - _SHOWN)
    start = corpus.split + min(_SHOWN, max(1, len(held_out) // 2)) + int(place * room)
    before = corpus.ids[max(0, start - _BEFORE) : start]
    passage = corpus.ids[start : start + LENGTH]
    decode, saved = corpus.vocabulary.decode, _snapshot.loaded.saved
    spelled = decode(passage).lower() if saved.lowercase else decode(passage)
    spelled = spelled if len(spelled) == len(passage) else decode(passage)
    known = saved.vocabulary.knows(spelled)
    opinion = expected(
        _snapshot.loaded.model,
        saved.vocabulary.encode(saved.vocabulary.substitute(decode(before))[0]),
        saved.vocabulary.encode(saved.vocabulary.substitute(spelled)[0]),
    )
    return Board(
        decode(before[-_SHOWN:]),
        decode(passage),
        corpus.vocabulary.size,
        counted(corpus.train, before, passage, corpus.vocabulary.size),
        # What the network has no sign for it can't guess.
        [rank if sure else None for rank, sure in zip(opinion.guesses(), known, strict=True)],
        opinion.bits.tolist(),
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _corpus(text: str, _text: str) -> Corpus:
    return Corpus.from_text(_text)


def _passage(board: Board, game: Game) -> None:
    done = board.passage[: len(game.ranks)]
    marks = "".join(
        f'<span class="{"hit" if rank == 1 else "late" if rank else "missed"}">{_sign(sign)}</span>'
        for sign, rank in zip(done, game.ranks, strict=True)
    )
    st.html(
        f'<p class="charloom-guessing" tabindex="0" role="region" '
        f'aria-label="{escape(t("learn_guessing.so_far"), quote=True)}">'
        f'{escape(board.before)}{marks}<span class="next">?</span></p>'
    )


def _ask(board: Board, game: Game) -> None:
    right = board.passage[len(game.ranks)]
    left = GUESSES - len(game.tried)
    tried = " ".join(_name(one) for one in game.tried) or "–"
    guess_box(
        "guess-box",
        t("learn_guessing.guess", place=len(game.ranks) + 1, all=len(board.passage)),
        t("learn_guessing.hint", left=left, tried=tried),
        partial(game.guess, right=right),
    )


def ranks_html(board: Board, ranks: list[Rank]) -> str:
    """Return a table: the characters, and which guess was right for each player."""
    count = len(ranks)
    signs = "".join(f'<th scope="col">{_sign(sign)}</th>' for sign in board.passage[:count])
    rows = ""
    for name, each in _players(board, ranks):
        cells = "".join(f"<td>{rank or '✕'}</td>" for rank in each)
        rows += f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
    caption = escape(t("learn_guessing.ranks"), quote=True)
    return (
        f'<div class="charloom-ranks" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><caption>{caption}</caption><thead><tr><td></td>{signs}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def table_of(board: Board, ranks: list[Rank]) -> list[list[str]]:
    """Return for each player how often the first guess was right, and the bits, head first."""
    head = [t(f"learn_guessing.{name}") for name in ("player", "first", "bits")]
    rows = [head]
    for name, each in _players(board, ranks):
        first = sum(rank == 1 for rank in each) / len(each)
        rows.append([name, f"{first:.0%}", f"{upper_bound(each, board.symbols):.2f}"])
    return rows


def _players(board: Board, ranks: list[Rank]) -> list[tuple[str, list[Rank]]]:
    count = len(ranks)
    return [
        (t("learn_guessing.you"), ranks),
        (t("learn_guessing.counting"), board.counting.guesses()[:count]),
        (t("learn_guessing.lstm"), board.network[:count]),
    ]


def _facts(board: Board, game: Game) -> None:
    count = len(game.ranks)
    counting = float(board.counting.bits[:count].mean())
    network = sum(board.network_bits[:count]) / count
    low = lower_bound(game.ranks)
    said = t("learn_guessing.chances", counting=f"{counting:.2f}", network=f"{network:.2f}")
    if low is not None:
        said += " " + t("learn_guessing.lower", bits=f"{low:.2f}")
    if count < ENOUGH:
        said += " " + t("learn_guessing.few", least=ENOUGH)
    st.caption(said)


def _another(games: dict[str, Game], key: str) -> None:
    games[key] = Game(secrets.randbelow(10_000) / 10_000)


def _class(board: Board, game: Game) -> None:
    """Offer to send the result to the class that the learner is in."""
    room = store().class_of(owner())
    if room is None or len(game.ranks) < ENOUGH:
        return
    if game.refused is not None:
        blocks.alert(game.refused.text(language()), "info")
    if game.sent:
        blocks.alert(t("learn_guessing.sent"), "good")
        rooms.link("classroom", t("learn_guessing.see"), code=room.code)
        return
    st.button(
        t("learn_guessing.send"), key="guessing-send", on_click=_send, args=(board, game, room.code)
    )


def _send(board: Board, game: Game, code: str) -> None:
    bits = upper_bound(game.ranks, board.symbols)
    try:
        store().add_score(code, owner(), GAME, bits, len(game.ranks))
        game.sent, game.refused = True, None
    except StoreError as error:
        game.refused = error


def _sign(character: str) -> str:
    return {"\n": "⏎", " ": "␣", "\u3000": "␣"}.get(character, escape(character))


def _name(character: str) -> str:
    return {"\n": "⏎", " ": "␣", "\u3000": "␣"}.get(character, character)
