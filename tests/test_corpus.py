"""The split, the verdict, and a saved corpus that is whole or not there."""

import json
from pathlib import Path

import numpy as np
import pytest

from lstm.corpus import UNKNOWN, Corpus, Vocabulary, diagnose, symbol_counts
from lstm.errors import ConfigError, CorpusError
from lstm.messages import LANGUAGES, text

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
PROSE = "The tide came in at six, and nobody on the pier had thought of it. " * 30


class TestCorpus:
    def test_the_end_is_held_out(self) -> None:
        corpus = Corpus.from_text("ab" * 500, validation=0.1)
        assert corpus.characters == 1000
        assert corpus.split == 900
        assert len(corpus.train) == 900
        assert corpus.vocabulary.decode(corpus.held_out) == "ab" * 50

    def test_lower_casing_comes_before_the_vocabulary_and_may_change_the_length(self) -> None:
        corpus = Corpus.from_text("İA" * 200, lowercase=True)
        assert corpus.characters == 600
        assert corpus.vocabulary.characters == ("a", "i", "\u0307")
        assert corpus.lowercase

    def test_the_ids_can_not_be_changed(self) -> None:
        with pytest.raises(ValueError, match="read-only"):
            Corpus.from_text(PROSE).ids[0] = 1

    @pytest.mark.parametrize(
        ("written", "sentence"),
        [
            ("", "no text yet"),
            (" \n\t" * 200, "no text yet"),
            ("Too little.", "has 11 characters; at least 200"),
            ("a" * 500, "one and the same character"),
            ("a a\n" * 500, "one and the same character"),
        ],
    )
    def test_what_is_no_corpus_gets_a_sentence(self, written: str, sentence: str) -> None:
        with pytest.raises(CorpusError, match=sentence):
            Corpus.from_text(written)

    @pytest.mark.parametrize("validation", [0.0, -0.1, 0.51, float("nan")])
    def test_the_held_out_share_is_checked(self, validation: float) -> None:
        with pytest.raises(ConfigError, match="validation is"):
            Corpus.from_text(PROSE, validation=validation)

    def test_an_excerpt_ends_with_the_text(self) -> None:
        corpus = Corpus.from_text(PROSE)
        assert corpus.excerpt(4, 4) == "tide"
        assert corpus.excerpt(corpus.characters - 3, 100) == PROSE[-3:]
        assert corpus.excerpt(corpus.characters, 10) == ""

    def test_files_are_joined_in_order(self, tmp_path: Path) -> None:
        (tmp_path / "one.txt").write_text(PROSE, "utf-8")
        (tmp_path / "two.md").write_bytes(("汉字很多。" * 60).encode("gb18030"))
        corpus = Corpus.from_files([tmp_path / "one.txt", str(tmp_path / "two.md")])
        assert corpus.excerpt(0, 10**6) == PROSE + "\n\n" + "汉字很多。" * 60
        assert corpus.name == "one.txt + 1"

    def test_no_files_are_no_text(self) -> None:
        with pytest.raises(CorpusError, match="no text yet"):
            Corpus.from_files([])

    def test_the_fingerprint_depends_on_text_alone(self) -> None:
        one, same = Corpus.from_text(PROSE, name="one"), Corpus.from_text(PROSE, name="two")
        other = Corpus.from_text(PROSE.replace("six", "ten"))
        shifted = Corpus.from_text(PROSE.replace("T", "U"))  # same ids, other characters
        assert one.fingerprint == same.fingerprint
        assert len({one.fingerprint, other.fingerprint, shifted.fingerprint}) == 3


class TestSaved:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        corpus = Corpus.from_text(PROSE + "İ汉😀", name="Tides", lowercase=True, validation=0.2)
        corpus.save(tmp_path / "corpus")
        return tmp_path / "corpus"

    def test_loading_gives_the_same_corpus_from_disk(self, folder: Path) -> None:
        saved = Corpus.from_text(PROSE + "İ汉😀", name="Tides", lowercase=True, validation=0.2)
        loaded = Corpus.load(folder)
        assert isinstance(loaded.ids, np.memmap)
        assert loaded.fingerprint == saved.fingerprint
        assert loaded.vocabulary == saved.vocabulary
        assert (loaded.name, loaded.validation, loaded.lowercase) == ("Tides", 0.2, True)
        assert loaded.split == saved.split

    def test_nothing_temporary_stays(self, folder: Path) -> None:
        assert sorted(path.name for path in folder.iterdir()) == ["corpus.json", "ids.u16"]

    def test_saving_again_replaces(self, folder: Path) -> None:
        Corpus.from_text(PROSE, name="Other").save(folder)
        assert Corpus.load(folder).name == "Other"

    def test_a_missing_or_damaged_corpus_gets_a_sentence(self, folder: Path) -> None:
        about = (folder / "corpus.json").read_text("utf-8")
        ids = (folder / "ids.u16").read_bytes()
        damages = [
            ("corpus.json", b"{"),
            ("corpus.json", b"[]"),
            ("corpus.json", json.dumps(json.loads(about) | {"vocabulary": [97, 98]}).encode()),
            ("corpus.json", json.dumps(json.loads(about) | {"vocabulary": [-1, 98]}).encode()),
            ("corpus.json", json.dumps(json.loads(about) | {"validation": 7}).encode()),
            ("ids.u16", ids[:-2]),
            ("ids.u16", ids[:-1]),
            ("ids.u16", b""),
            ("ids.u16", b"\xff\xff" + ids[2:]),
        ]
        for name, content in damages:
            whole = (folder / name).read_bytes()
            (folder / name).write_bytes(content)
            with pytest.raises(CorpusError):
                Corpus.load(folder)
            (folder / name).write_bytes(whole)
        assert Corpus.load(folder).name == "Tides"
        with pytest.raises(CorpusError, match="incomplete or damaged"):
            Corpus.load(folder / "nowhere")


class TestDiagnosis:
    def test_it_names_what_is_rare_and_what_is_common(self) -> None:
        found = diagnose(Corpus.from_text("e" * 500 + " " * 300 + "th" * 50 + "☃☃x"))
        assert found.characters == 903
        assert found.train_characters == 812
        assert found.rare_characters == ("x", "☃")
        assert found.common_characters[0] == ("e", 500 / 903)
        assert found.unknown_share == 0.0

    def test_it_tells_the_share_that_the_cap_left_out(self) -> None:
        found = diagnose(Corpus.from_text("ab" * 180 + "x" * 30 + "y" * 10, cap=2))
        assert found.unknown_share == pytest.approx(0.1)
        assert found.symbols == 3
        assert all(character != UNKNOWN for character, _ in found.common_characters)

    @pytest.mark.parametrize(
        ("characters", "verdict"),
        [(2_000, "tiny"), (20_000, "small"), (200_000, "fine"), (20_000_000, "large")],
    )
    def test_every_size_has_a_verdict_and_a_sentence(self, characters: int, verdict: str) -> None:
        ids = np.zeros(characters, dtype=np.uint16)
        corpus = Corpus("zeros", ids, Vocabulary(("a", "b")), 0.1, False)
        assert diagnose(corpus).verdict == verdict
        for language in LANGUAGES:
            assert text(f"corpus.verdict_{verdict}", language)

    def test_counting_covers_every_symbol(self) -> None:
        assert symbol_counts(np.array([0, 2, 2], dtype=np.uint16), 4).tolist() == [1, 0, 2, 0]


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora do not lie beside the project")
@pytest.mark.parametrize(
    ("name", "lowercase", "characters", "symbols"),
    [
        ("nietzsche.txt", True, 600_893, 57),
        ("tinyshakespeare.txt", False, 1_115_394, 65),
        ("hongloumeng-gb18030.txt", False, 882_440, 4447),
    ],
)
def test_real_books_have_their_known_size(
    name: str, lowercase: bool, characters: int, symbols: int
) -> None:
    corpus = Corpus.from_files([CORPORA / name], lowercase=lowercase)
    assert (corpus.characters, corpus.vocabulary.size) == (characters, symbols)
