"""A model and its settings in words, in every language. Names are hostile text and stay so here.

Knows nothing of files or pages: whoever shows what it returns escapes it.
"""

from lstm.checkpoint import Saved
from lstm.config import ModelConfig, TrainConfig
from lstm.messages import Language, setting_value, text
from lstm.model import parameter_count

Rows = list[tuple[str, str]]
"""Names and values of a table, in order."""

LONGEST_NAME = 80
"""Characters of a name that are shown."""

_MOST = 2.0**53


def name_of(saved: Saved, language: Language = "en") -> str:
    """Return what the file calls its network, on one line."""
    name = saved.info.get("name")
    return tidy(name) if isinstance(name, str) and tidy(name) else text("export.unnamed", language)


def tidy(name: str) -> str:
    """Return a name on one line, without control characters and cut to a length to be shown."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(printable.split())[:LONGEST_NAME].rstrip()


def facts(saved: Saved, language: Language) -> str:
    """Return one line on a network: what it is and how well it predicts."""
    config = saved.model_config
    parts = [
        text(f"write.cell.{config.cell}", language, hidden=config.hidden_size),
        text("export.facts.symbols", language, symbols=count(saved.vocabulary.size)),
    ]
    bits = number(saved.info.get("bits_per_char"))
    if bits is not None:
        parts.append(text("write.bits", language, bits=f"{bits:.2f}"))
    return " · ".join(parts)


def model_rows(saved: Saved, language: Language) -> Rows:
    """Return what is known of a network and its training, for a table."""
    epoch, bits = number(saved.info.get("epoch")), number(saved.info.get("bits_per_char"))
    rows = [
        (text("export.facts.parameters", language), count(parameters(saved))),
        (text("export.facts.vocabulary", language), count(saved.vocabulary.size)),
        (text("settings.label.lowercase", language), setting_value(saved.lowercase, language)),
    ]
    if epoch is not None:
        rows.insert(0, (text("export.facts.epoch", language), f"{epoch:,.1f}"))
    if bits is not None:
        rows.insert(0, (text("export.facts.bits", language), f"{bits:.3f}"))
    return rows + settings_rows(saved.model_config, saved.train_config, language)


def settings_rows(model: ModelConfig, train: TrainConfig | None, language: Language) -> Rows:
    """Return all settings with their values; those that are left empty are left out."""
    fields = model.to_json() | (train.to_json() if train else {})
    return [
        (text(f"settings.label.{name}", language), setting_value(value, language))
        for name, value in fields.items()
        if value is not None and name != "threads"  # it says more of the machine
    ]


def parameters(saved: Saved) -> int:
    """Return the number of weights."""
    return parameter_count(saved.vocabulary.size, saved.model_config)


def count(value: int) -> str:
    """Return a whole number with its digits in groups of three."""
    return f"{value:,}"


def duration(seconds: float, language: Language) -> str:
    """Return a length of time, as exact as it matters: 45 s, 5 min, 1 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 120:
        return text("train.time.seconds", language, seconds=round(seconds))
    if minutes < 120:
        return text("train.time.minutes", language, minutes=minutes)
    hours, rest = divmod(minutes, 60)
    return text("train.time.hours", language, hours=hours, minutes=rest)


def number(value: object) -> float | None:
    """Return a number out of a file's facts, which may be anything, or None."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if -_MOST <= value <= _MOST else None  # None for a nan as well
