"""Where trainings run, as the pages tell it, and the way out when the cluster is gone."""

from html import escape

import pytest

from lstm import machines
from lstm.leases import NOT_A_PROCESS
from lstm.machines import ANYWHERE, HERE, Cluster, Machine
from lstm.messages import LANGUAGES, Language, text
from lstm.runs import RunStore
from tests.store_tools import make_run
from tests.ui.page_tools import ANNA, labels, open_room, page_text, runs_room, train_room

LEASE = 5_000_000
CLUSTER = Cluster(True, 3.0, 1.0, (Machine("<b>one", 4, 0), Machine("two", 2, 1)))


def test_without_a_cluster_nothing_is_said_of_one(store: RunStore) -> None:
    make_run(store, owner=ANNA)
    room = open_room(runs_room)
    assert not room.exception
    assert text("cluster.place") not in page_text(room)
    assert text("cluster.title") not in labels(room.expander)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_machines_and_the_place_of_each_run_are_told(
    store: RunStore, language: Language
) -> None:
    away, waits = make_run(store, owner=ANNA), make_run(store, owner=ANNA)
    store.claim(1)
    store.attach(away.id, LEASE, NOT_A_PROCESS, ANYWHERE)
    machines.tell(store.folder, CLUSTER)
    assert text("cluster.anywhere", language) in page_text(open_room(runs_room, lang=language))
    store.begin(away.id, LEASE, NOT_A_PROCESS, "<b>one")
    room = open_room(runs_room, lang=language)
    assert not room.exception
    said = page_text(room)
    assert text("cluster.title", language) in labels(room.expander)
    assert "&lt;b&gt;one" in said
    assert "<b>one" not in said
    assert text("cluster.of", language, free=3, all="6") in said
    assert text("cluster.not_yet", language) in said
    assert escape(text("cluster.away", language)) not in said
    assert store.trainings_by_place() == {"<b>one": 1}
    assert store.slots_now() == 6
    assert store.queue_place(waits.id) == 1


@pytest.mark.parametrize("room", [runs_room, train_room])
def test_a_run_that_waits_for_a_lost_cluster_can_train_here(store: RunStore, room: object) -> None:
    assert callable(room)
    run = make_run(store, owner=ANNA)
    machines.tell(store.folder, Cluster(reached=False, machines=CLUSTER.machines))
    page = open_room(room, run=run.id)
    assert not page.exception
    assert escape(text("cluster.away")) in page_text(page)
    page.button(key=f"here-{run.id}").click().run()
    assert store.run(run.id).place == HERE
    said = page_text(page)
    assert not [button for button in page.button if button.key == f"here-{run.id}"]
    assert not page.exception
    assert room is train_room or text("cluster.here") in said


def test_a_run_that_began_meanwhile_is_not_sent_back(store: RunStore) -> None:
    run = make_run(store, owner=ANNA)
    machines.tell(store.folder, Cluster(reached=False))
    page = open_room(runs_room)
    store.claim(1)
    page.button(key=f"here-{run.id}").click().run()
    assert text("errors.cannot_train_here") in page_text(page)
    assert store.run(run.id).place is None


def test_no_cluster_is_used_any_more(store: RunStore) -> None:
    machines.tell(store.folder, CLUSTER)
    assert store.cluster() == CLUSTER
    machines.forget(store.folder)
    machines.forget(store.folder)
    assert store.cluster() is None
