"""The settings of a training as the page offers them: order, kinds, and what the visitor changed.

A preset gives every number a default; only what the visitor changed is kept, by name, so that a
link carries it and a change of preset or text takes the rest along. Knows nothing of widgets.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from lstm.config import (
    VALIDATION_SHARE,
    Cell,
    ModelConfig,
    Precision,
    Recipe,
    Schedule,
    TrainConfig,
)
from lstm.errors import ConfigError
from lstm.limits import Limits
from lstm.presets import Preset

Group = Literal["text", "network", "learning", "end"]
Kind = Literal["flag", "choice", "whole", "number"]
Value = bool | int | float | str | None

NONE = "none"
"""How an empty optional setting stands in an address."""


@dataclass(frozen=True)
class Setting:
    """One control.

    Attributes:
        name: The config's field, or ``lowercase`` or ``validation``.
        group: Under which heading it stands.
        kind: What values it has.
        step: What one press of plus or minus changes.
        choices: The values of a choice.
        optional: Whether it may be empty.
    """

    name: str
    group: Group
    kind: Kind
    step: float = 1
    choices: tuple[str, ...] = ()
    optional: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting("lowercase", "text", "flag"),
    Setting("validation", "text", "number", 0.05),
    Setting("cell", "network", "choice", choices=get_args(Cell)),
    Setting("hidden_size", "network", "whole", 64),
    Setting("num_layers", "network", "whole"),
    Setting("embedding_size", "network", "whole", 16),
    Setting("tied", "network", "flag"),
    Setting("dropout", "network", "number", 0.05),
    Setting("recurrent_dropout", "network", "number", 0.05),
    Setting("forget_bias", "network", "number", 1.0),
    Setting("recipe", "learning", "choice", choices=get_args(Recipe)),
    Setting("seq_len", "learning", "whole", 16),
    Setting("stride", "learning", "whole"),
    Setting("batch_size", "learning", "whole", 16),
    Setting("learning_rate", "learning", "number", 0.001),
    Setting("schedule", "learning", "choice", choices=get_args(Schedule)),
    Setting("warmup", "learning", "number", 0.01),
    Setting("weight_decay", "learning", "number", 0.01),
    Setting("clip", "learning", "number", 0.5),
    Setting("precision", "learning", "choice", choices=get_args(Precision)),
    Setting("rng", "learning", "whole"),
    Setting("seconds", "end", "number", 60.0, optional=True),
    Setting("epochs", "end", "whole", optional=True),
    Setting("target_bits", "end", "number", 0.1, optional=True),
    Setting("patience", "end", "whole", optional=True),
)

GROUPS: tuple[Group, ...] = get_args(Group)
NAMES = frozenset(setting.name for setting in SETTINGS)

_Config = TypeVar("_Config")


@dataclass(frozen=True)
class Chosen:
    """Complete settings, and what is wrong with them.

    Attributes:
        model: The network; a wrong field has the preset's value.
        train: The recipe; likewise.
        lowercase: Whether the text is lower-cased.
        validation: Share of the text that is held out.
        errors: What is wrong, by the control's name.
    """

    model: ModelConfig
    train: TrainConfig
    lowercase: bool
    validation: float
    errors: Mapping[str, ConfigError]


def defaults(preset: Preset, *, lowercase: bool = False) -> dict[str, Value]:
    """Return the value of every control as a preset has it.

    Args:
        preset: The preset.
        lowercase: Whether this text is usually lower-cased.
    """
    fields = {**preset.model.to_json(), **preset.train.to_json()}
    fields["lowercase"] = preset.lowercase or lowercase
    fields["validation"] = VALIDATION_SHARE
    return {setting.name: fields[setting.name] for setting in SETTINGS}


def choose(preset: Preset, changes: Mapping[str, Value], *, lowercase: bool = False) -> Chosen:
    """Put what the visitor changed into a preset.

    Args:
        preset: The preset.
        changes: Changed values by name; ranges need not have been checked.
        lowercase: Whether this text is usually lower-cased.
    """
    values = {**defaults(preset, lowercase=lowercase), **changes}
    errors: dict[str, ConfigError] = {}
    validation = values["validation"]
    if not isinstance(validation, float) or not 0.01 <= validation <= 0.5:
        limits = {"value": validation, "least": 0.01, "most": 0.5}
        errors["validation"] = ConfigError("validation", "out_of_range", **limits)
        validation = VALIDATION_SHARE
    model = _valid(ModelConfig.from_json, preset.model.to_json(), changes, errors)
    train = _valid(TrainConfig.from_json, preset.train.to_json(), changes, errors)
    return Chosen(model, train, bool(values["lowercase"]), validation, errors)


def within(preset: Preset, limits: Limits) -> Preset:
    """Return a preset with no more time than one training may take on this server."""
    seconds = preset.train.seconds
    if seconds is None or seconds <= limits.max_seconds:
        return preset
    return replace(preset, train=replace(preset.train, seconds=limits.max_seconds))


def limited(chosen: Chosen, preset: Preset, symbols: int, limits: Limits) -> Chosen:
    """Return settings with the errors of those that this server does not allow.

    Args:
        chosen: The settings.
        preset: What a network that is too large is replaced by.
        symbols: Size of the vocabulary.
        limits: What this server allows.
    """
    found = {e.field: e for e in limits.violations(chosen.model, chosen.train, symbols)}
    model = preset.model if "hidden_size" in found else chosen.model
    return replace(chosen, model=model, errors={**found, **chosen.errors})


def parse(setting: Setting, written: str) -> Value:
    """Read a value that stands in an address.

    Raises:
        ValueError: It is not of the setting's kind; its range is not looked at.
    """
    if setting.optional and written == NONE:
        return None
    if setting.kind == "flag" and written in {"0", "1"}:
        return written == "1"
    if setting.kind == "choice" and written in setting.choices:
        return written
    if setting.kind == "whole":
        return int(written)
    if setting.kind == "number" and math.isfinite(float(written)):
        return float(written)
    raise ValueError(written)


def written(value: Value) -> str:
    """Return a value as it stands in an address; the inverse of ``parse``."""
    if value is None:
        return NONE
    return str(int(value)) if isinstance(value, bool) else str(value)


def applies(setting: Setting, chosen: Chosen) -> bool:
    """Tell whether a control has any effect with the others as they are."""
    needs = {
        "forget_bias": chosen.model.cell == "lstm",
        "stride": chosen.train.recipe == "classic",
        "warmup": chosen.train.schedule == "cosine",
    }
    return needs.get(setting.name, True)


def _valid(
    make: Callable[[Mapping[str, Any]], _Config],
    base: dict[str, Any],
    changes: Mapping[str, Value],
    errors: dict[str, ConfigError],
) -> _Config:
    """Make a config, field by wrong field falling back on the base, which is valid."""
    values = {**base, **{name: value for name, value in changes.items() if name in base}}
    while True:
        try:
            return make(values)
        except ConfigError as error:
            errors[error.field] = error
            values[error.field] = base[error.field]
            # Two settings that do not go together: either may be the one that was changed.
            beside = {"no_end": "epochs", "nothing_to_tie": "embedding_size"}.get(error.key)
            if beside:
                values[beside] = base[beside]
