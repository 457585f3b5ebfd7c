"""Time is a wound-up clock in these tests: each optimizer step lasts exactly one tick."""

import pytest
import torch

from lstm import training
from tests.engine_tools import Clock
from tests.training.training_tools import TICK


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    wound_up = Clock(TICK)
    monkeypatch.setattr(training, "time", wound_up)
    return wound_up


@pytest.fixture(autouse=True)
def _on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared to the last digits is not computed on a graphics card."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def judge_every_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let evaluations cost whatever they do."""
    monkeypatch.setattr(training, "OVERHEAD", 1.0)


@pytest.fixture
def tell_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)
