"""A run in words: its state, its settings, its result. Knows nothing of widgets."""

from lstm.messages import setting_value
from lstm.records import UNTOLD, Run
from lstm.ui import words
from lstm.ui.language import language, t
from lstm.ui.settings import SETTINGS


def state(run: Run) -> str:
    """Say where a run is in its life, or what it is about to do."""
    if run.aside is not None:
        return t("train.state.aside")
    return t(f"train.pending.{run.pending}" if run.pending else f"train.state.{run.state}")


def settings_of(run: Run) -> dict[str, str]:
    """Return all settings of a run with their values, in words. The text's name is hostile."""
    fields = run.model_config.to_json()
    if run.preset != UNTOLD:
        fields |= run.train_config.to_json()
    none = t("settings.value.none")
    said = {
        t("train.watch.text"): run.corpus_name or none,
        t("train.text.characters"): words.count(run.characters) if run.has_text else "–",
        t("train.text.symbols"): words.count(run.symbols),
        t("train.network.preset"): t(f"train.preset.{run.preset}"),
    }
    for setting in SETTINGS:
        if setting.name in fields:
            value = setting_value(fields[setting.name], language())
            said[t(f"settings.label.{setting.name}")] = value
    return said


def settings_rows(run: Run) -> list[list[str]]:
    """Return the settings of a run as the rows of a table, the head first."""
    rows = [[name, value] for name, value in settings_of(run).items()]
    return [[t("train.watch.setting"), t("train.watch.value")], *rows]


def differing_rows(runs: list[Run]) -> list[list[str]]:
    """Return the settings in which runs differ as the rows of a table, the head first."""
    each = [settings_of(run) for run in runs]
    names = list(dict.fromkeys(name for said in each for name in said))
    rows = [[name, *(said.get(name, "–") for said in each)] for name in names]
    return [[t("train.watch.setting"), *(run.name for run in runs)]] + [
        row for row in rows if len(set(row[1:])) > 1
    ]
