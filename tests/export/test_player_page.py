"""The take-home page as a file: whole, small, closed, and deaf to what names say."""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lstm.checkpoint import loads
from lstm.errors import ExportError
from lstm.events import TrainingState
from lstm.export import file_name, player
from lstm.export import html as page_module
from lstm.messages import LANGUAGES, Language, catalogue, text
from lstm.paths import ASSETS
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.export.export_tools import HOSTILE, Elements, a_network, assert_nothing_leads_out

ROOT = Path(__file__).parents[2]


def sha256(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def test_it_is_below_four_megabytes_at_hidden_256() -> None:
    letters = Vocabulary(tuple(chr(code) for code in range(0x20, 0x20 + 57)))
    saved = a_network(letters, hidden_size=256, embedding_size=64)
    assert len(player(saved)) < 4e6


def test_nothing_in_it_leads_out() -> None:
    assert_nothing_leads_out(Elements(player(a_network())))


def test_the_policy_allows_its_own_script_and_style_alone() -> None:
    elements = Elements(player(a_network()))
    policy = elements.policy()
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == sha256(elements.one("script", type="module")[1]) + (
        " 'wasm-unsafe-eval'"
    )
    assert policy["style-src"] == sha256(elements.one("style")[1])
    assert policy.keys() <= {
        "default-src", "script-src", "style-src", "img-src", "base-uri", "form-action",
        "require-trusted-types-for",
    }  # fmt: skip


def test_the_model_can_be_taken_out_again() -> None:
    saved = a_network(name=HOSTILE)
    _, inside = Elements(player(saved)).one("script", id="model")
    again = loads(base64.b64decode(inside))
    assert again.vocabulary == saved.vocabulary
    assert again.info == saved.info
    for name, value in saved.state.tensors.items():
        assert torch.equal(again.state.tensors[name], value)


def test_the_optimizer_stays_at_home_and_half_precision_is_widened() -> None:
    saved = a_network()
    tensors = {name: value.bfloat16() for name, value in saved.state.tensors.items()}
    tensors["optimizer.x"] = torch.zeros(1000)
    page = player(replace(saved, state=TrainingState(tensors, {"step": 5})))
    inside = loads(base64.b64decode(Elements(page).one("script", id="model")[1]))
    assert all(name.startswith("model.") for name in inside.state.tensors)
    assert all(value.dtype == torch.float32 for value in inside.state.tensors.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_stay_text(language: Language) -> None:
    plain = Elements(player(a_network(), language))
    hostile = Elements(player(a_network(name=HOSTILE), language))
    assert hostile.tags == plain.tags
    shown = "</script><img src=x onerror=\"alert('a')\">&amp;{0}$name"
    assert hostile.one("h1")[1] == shown
    words = json.loads(hostile.one("script", id="words")[1])
    assert words[language]["title"] == text("export.player.title", language, name=shown)


def test_a_name_can_be_given() -> None:
    assert Elements(player(a_network(), name="My  own\none")).one("h1")[1] == "My own one"
    assert Elements(player(a_network(), name=" ")).one("h1")[1] == "cats"
    odd = replace(a_network(), info={"name": ["no", "name"], "bits_per_char": 10**400})
    assert Elements(player(odd)).one("h1")[1] == text("export.unnamed")


def test_it_speaks_both_languages_whichever_it_begins_with() -> None:
    for language in LANGUAGES:
        elements = Elements(player(a_network(), language))
        assert elements.one("html")[0]["lang"] == language
        words = json.loads(elements.one("script", id="words")[1])
        assert words["language"] == language
        for spoken in LANGUAGES:
            labels = words[spoken]["typewriter"]
            for key, said in catalogue(spoken).items():
                if key.startswith("write.typewriter."):
                    assert labels[key.removeprefix("write.typewriter.")] == said


def test_symbols_that_are_no_text_survive() -> None:
    vocabulary = Vocabulary(("\x00", " ", "a", "b", "\ud800", "😀", UNKNOWN))
    _, inside = Elements(player(a_network(vocabulary))).one("script", id="model")
    assert loads(base64.b64decode(inside)).vocabulary == vocabulary


def test_a_network_too_large_for_a_page_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "MOST_BYTES", 2**20)
    with pytest.raises(ExportError, match="1 MB"):
        player(a_network(hidden_size=256))


def test_it_looks_like_the_app() -> None:
    _, style = Elements(player(a_network())).one("style")
    configured = (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    light, dark = style.split("prefers-color-scheme: dark")[0], style.split("scheme: dark")[1]
    for theme, part in (("light", light), ("dark", dark)):
        section = configured.split(f"[theme.{theme}]")[1].split("[theme")[0]
        for name, variable in (
            ("primaryColor", "primary-color"),
            ("backgroundColor", "background-color"),
            ("secondaryBackgroundColor", "secondary-background-color"),
            ("textColor", "text-color"),
            ("borderColor", "border-color"),
        ):
            (colour,) = re.findall(rf'^{name} = "(#\w+)"', section, re.MULTILINE)
            assert f"--st-{variable}: {colour.lower()};" in part


def test_no_script_can_end_its_own_element() -> None:
    page = player(a_network()).decode()
    assert page.count("<script") == page.count("</script>") == 3
    assert page.count("</style") == 1
    assert html.unescape(page).count("<!--") == 0


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("My run", "html", "My-run.html"),
        ("学校作文", "report", "学校作文-report.html"),
        ("../../etc/passwd", "archive", "etc-passwd.zip"),
        ("", "onnx", "charloom.onnx"),
        ("con", "model", "charloom-con.safetensors"),
        ("a" * 200, "onnx", "a" * 60 + ".onnx"),
        ("<b>:|?*\x00", "html", "b.html"),
    ],
)
def test_file_names_suit_every_system(name: str, kind: str, expected: str) -> None:
    assert file_name(name, kind) == expected  # type: ignore[arg-type]


def test_bundled_networks_fit() -> None:
    for file in (ASSETS / "models").glob("*.safetensors"):
        assert len(player(loads(file.read_bytes()))) < 20e6
