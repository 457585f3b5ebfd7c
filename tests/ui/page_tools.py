"""What the tests of the pages share: the rooms, one under test, and a run with a past."""

from collections.abc import Callable, Iterable
from typing import Any

from streamlit.testing.v1 import AppTest

from lstm.config import SAMPLE_TEMPERATURES
from lstm.events import EpochEnd, Sample, Step
from lstm.records import Run
from lstm.runs import RunStore
from tests.store_tools import make_run

ANNA = "a" * 43
"""A visitor's key."""

BERT = "b" * 43
PATIENCE = 60.0  # seconds for one drawing: importing torch counts


def learn_room() -> None:
    """Script of the room Learn. AppTest runs a script's source, so each brings its own import."""
    from lstm.ui.pages import learn

    learn.render()


def train_room() -> None:
    """Script of the room Train."""
    from lstm.ui.pages import train

    train.render()


def write_room() -> None:
    """Script of the room Write."""
    from lstm.ui.pages import write

    write.render()


def look_room() -> None:
    """Script of the room Look inside."""
    from lstm.ui.pages import look

    look.render()


def runs_room() -> None:
    """Script of the room Runs."""
    from lstm.ui.pages import runs

    runs.render()


def class_room() -> None:
    """Script of the class page."""
    from lstm.ui.pages import classroom

    classroom.render()


def open_room(script: Callable[[], None], visitor: str = ANNA, **query: str) -> AppTest:
    """Draw a room for a visitor at an address."""
    room = AppTest.from_function(script, default_timeout=PATIENCE)
    room.session_state["_visitor"] = visitor
    for name, value in query.items():
        room.query_params[name] = value
    return room.run()


def run_with_a_past(store: RunStore, evaluations: int = 3, owner: str = ANNA) -> Run:
    """A run that has trained for a while: a curve, evaluations, samples."""
    run = make_run(store, owner=owner)
    store.begin(run.id, pid=1, pid_started=None)
    for index in range(1, evaluations + 1):
        store.append(run.id, [_step(index), _evaluation(index), *_written(index)])
    return store.run(run.id)


def _step(index: int) -> Step:
    return Step(10 * index, float(index), 2.0 * index, 2.0 / index, 0.5, 0.008, 1000.0)


def _evaluation(index: int) -> EpochEnd:
    loss = 2.0 / index
    return EpochEnd(index, 10 * index, float(index), 2.0 * index, loss, loss, True, 0.1)


def _written(index: int) -> list[Sample]:
    return [
        Sample(index, float(index), temperature, "the ", f"sample {index}", 0.01)
        for temperature in SAMPLE_TEMPERATURES
    ]


def page_text(room: AppTest) -> str:
    """Everything that a drawn room says outside of its controls."""
    bodies = [str(part.proto.body) for part in room.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


def labels(controls: Iterable[Any]) -> list[str]:
    """The labels of controls."""
    return [control.label for control in controls]


def values(controls: Iterable[Any]) -> list[Any]:
    """What controls stand at."""
    return [control.value for control in controls]
