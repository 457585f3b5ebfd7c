"""Workers and servers that are killed at any moment: nothing is lost but seconds."""

import random
import time

import pytest

from lstm.keeper import LATEST_SAVE_SECONDS
from lstm.processes import started
from lstm.runs import Notice, Run, RunState, RunStore
from lstm.training import REPORT_SECONDS
from tests.faults.fault_tools import MOST_REPEATED, Nursery, kill, nothing_is_lost
from tests.store_tools import make_run, wait_until

MOMENTS = 50
ENDLESS_SHARE = 0.7  # how often the run is hit that never ends by itself
PROGRESS_SHARE = 0.8  # how often it gets as far as to learn something before the next blow
ENDED = {RunState.FINISHED, RunState.STOPPED}
GOES_ON = {"notices.resumed", "notices.restarted"}


def owners(store: RunStore, runs: list[str]) -> None:
    """The owners at their pages: whoever sees a run interrupted presses "Resume"."""
    for run_id in runs:
        if store.run(run_id).state == RunState.INTERRUPTED:
            store.resume(run_id)


def hit(store: RunStore, rng: random.Random, runs: list[str]) -> tuple[Run, int]:
    """Kill the worker of some run; return what was known just before, and its notices."""
    while True:
        owners(store, runs)
        run = store.run(runs[0] if rng.random() < ENDLESS_SHARE else rng.choice(runs))
        notices = len(store.notices(run.id))
        if run.pid is None or run.state in ENDED or started(run.pid) is None:
            continue
        kill(run.pid)
        if store.run(run.id).state not in ENDED:  # it came just before its end
            return run, notices


def get_on(store: RunStore, runs: list[str]) -> None:
    """Wait until the endless run has learned something more."""
    reached = store.run(runs[0]).step
    wait_until(lambda: store.run(runs[0]).step > reached, lambda: owners(store, runs))


def repeated(store: RunStore, runs: list[str], before: Run, notices: int) -> float:
    """Wait until a run goes on, and return the training seconds that it does again."""
    if before.step == 0:
        return 0.0  # it had hardly begun: nothing is done again, and nothing said

    def said() -> list[Notice]:
        return [n for n in store.notices(before.id)[notices:] if n.message.key in GOES_ON]

    notice = wait_until(said, lambda: owners(store, runs))[0]
    step = int(notice.message.values["step"] or 0)
    curve = store.steps(before.id, 1_000_000)
    return before.seconds - float(curve.seconds[curve.step <= step].max(initial=0.0))


@pytest.mark.parametrize("victims", ["worker", "server", "worker and server"])
def test_killed_at_fifty_moments(nursery: Nursery, store: RunStore, victims: str) -> None:
    rng = random.Random(victims)
    runs, lost, server = [make_run(store, "anna").id], [0.0], nursery.server(store)
    for moment in range(MOMENTS):
        if moment % 20 == 0:
            runs.append(make_run(store, f"visitor {moment}", epochs=2).id)
        if rng.random() < PROGRESS_SHARE:
            get_on(store, runs)
        time.sleep(rng.uniform(0.0, 0.2))
        hurt = hit(store, rng, runs) if "worker" in victims else None
        if "server" in victims:
            kill(server)
        nothing_is_lost(store.folder, runs)
        if "server" in victims:
            server = nursery.server(store)
        if hurt is not None:
            lost.append(repeated(store, runs, *hurt))
    finish(store, runs)
    nothing_is_lost(store.folder, runs)
    assert max(lost) <= MOST_REPEATED


def finish(store: RunStore, runs: list[str]) -> None:
    """Let the endless run be stopped by its owner and all others come to their end."""
    wait_until(lambda: store.run(runs[0]).allows("stop"), lambda: owners(store, runs))
    store.stop(runs[0])
    ends = [RunState.STOPPED] + [RunState.FINISHED] * (len(runs) - 1)
    wait_until(lambda: [store.run(run).state for run in runs] == ends, lambda: owners(store, runs))
    assert [store.run(run).epoch for run in runs[1:]] == [2.0] * (len(runs) - 1)


def test_the_real_settings_save_often_enough() -> None:
    """A checkpoint is asked for when it is due and comes with the next step."""
    assert LATEST_SAVE_SECONDS + 2 * REPORT_SECONDS <= 30.0 / 1.5
