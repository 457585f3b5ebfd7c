"""The bounds of the server: their variables, and a sentence for each."""

import math

import pytest

from lstm import limits
from lstm.config import ModelConfig, TrainConfig
from lstm.errors import ConfigError
from lstm.limits import Limits
from lstm.messages import LANGUAGES
from lstm.model import parameter_count
from lstm.paths import ASSETS
from lstm.presets import PRESETS, preset
from lstm.processes import cores
from lstm.vocabulary import MOST_SYMBOLS

VARIABLES = {
    "CHARLOOM_SLOTS": "slots",
    "CHARLOOM_MAX_SECONDS": "max_seconds",
    "CHARLOOM_PAUSE_SECONDS": "pause_seconds",
    "CHARLOOM_WAITING": "waiting",
    "CHARLOOM_ASIDE_SECONDS": "aside_seconds",
    "CHARLOOM_PARAMETERS": "parameters",
    "CHARLOOM_EPOCHS": "epochs",
    "CHARLOOM_CHARACTERS": "characters",
    "CHARLOOM_WRITING": "writing",
    "CHARLOOM_WRITING_EACH": "writing_each",
}


@pytest.mark.parametrize(("variable", "name"), VARIABLES.items())
def test_every_bound_has_its_variable(
    variable: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "7")
    assert getattr(Limits.now(), name) == 7
    monkeypatch.setenv(variable, "many")
    with pytest.raises(ConfigError, match=variable):
        Limits.now()


def test_nought_days_and_gigabytes_mean_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits.now().clean_up
    monkeypatch.setenv("CHARLOOM_KEEP_DAYS", "0")
    monkeypatch.setenv("CHARLOOM_DISK_GB", "0")
    endless = Limits.now()
    assert math.isinf(endless.keep_seconds)
    assert math.isinf(endless.disk_bytes)
    assert not endless.clean_up
    monkeypatch.setenv("CHARLOOM_KEEP_DAYS", "2")
    assert Limits.now().keep_seconds == 2 * 86_400


def test_one_core_is_left_to_the_server_unless_the_operator_says_so() -> None:
    assert Limits.now().slots == max(1, cores() - 1)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("symbols", [2, 100, 8_193])
def test_every_preset_is_allowed(name: str, symbols: int) -> None:
    ready = preset(name, 10_000_000, symbols)  # type: ignore[arg-type]
    assert Limits.now().violations(ready.model, ready.train, symbols) == ()


def test_each_violation_names_its_control_and_what_is_allowed() -> None:
    huge = ModelConfig(hidden_size=2048, num_layers=4, embedding_size=1024)
    train = TrainConfig(seconds=1801.0, epochs=1001)
    errors = Limits.now().violations(huge, train, MOST_SYMBOLS)
    assert [error.field for error in errors] == ["hidden_size", "seconds", "epochs"]
    allowed = ("20,000,000", "1800", "1000")
    for error, most in zip(errors, allowed, strict=True):
        assert all(most in error.text(language) for language in LANGUAGES)
    assert f"{parameter_count(MOST_SYMBOLS, huge):,}" in errors[0].text("en")


def test_every_variable_is_documented() -> None:
    readme = (ASSETS.parent / "README.md").read_text("utf-8")
    names = [value for value in vars(limits).values() if str(value).startswith("CHARLOOM_")]
    assert set(VARIABLES) < set(names)
    for name in names:
        assert f"| `{name}` |" in readme, name
