"""Links to runs: unguessable, one for each run, and worthless once they are taken back."""

import pytest

from lstm.errors import StoreError
from lstm.runs import RunStore
from lstm.sharing import is_token
from tests.store_tools import make_run


def refused(store: RunStore, token: str) -> bool:
    try:
        store.shared(token)
    except StoreError as error:
        return error.key == "unknown_share"
    return False


def test_a_link_leads_to_its_run_and_lasts(store: RunStore) -> None:
    run = make_run(store)
    token = store.share(run.id)
    assert is_token(token)
    assert run.id not in token
    assert store.share(run.id) == token
    with RunStore(store.folder) as other:
        assert other.shared(token).id == run.id


def test_a_link_that_is_taken_back_is_worthless_for_good(store: RunStore) -> None:
    run = make_run(store)
    token = store.share(run.id)
    store.unshare(run.id)
    store.unshare(run.id)
    assert refused(store, token)
    assert store.share(run.id) != token
    assert refused(store, token)


def test_a_deleted_run_is_shown_to_nobody_until_it_is_brought_back(store: RunStore) -> None:
    run = make_run(store)
    token = store.share(run.id)
    store.delete(run.id)
    assert refused(store, token)
    store.undelete(run.id)
    assert store.shared(token).id == run.id


def test_a_run_that_is_gone_for_good_takes_its_link_along(store: RunStore) -> None:
    run = make_run(store)
    token = store.share(run.id)
    store.delete(run.id)
    store.purge(deleted_before=float("inf"))
    assert refused(store, token)
    assert store.shares("anna") == {}


def test_tokens_differ_and_are_listed_for_their_owner_alone(store: RunStore) -> None:
    runs = [make_run(store), make_run(store), make_run(store, owner="bert")]
    tokens = {run.id: store.share(run.id) for run in runs}
    assert len(set(tokens.values())) == 3
    assert store.shares("anna") == {run.id: tokens[run.id] for run in runs[:2]}


def test_a_run_that_is_not_there_can_not_be_shared(store: RunStore) -> None:
    with pytest.raises(StoreError, match="no such run"):
        store.share("nothing")


@pytest.mark.parametrize(
    "token", ["", "x", "a" * 32, "a" * 31, "a" * 33, "ä" * 32, "a" * 31 + "\n", "\ud800" * 32, "\0"]
)
def test_what_is_no_link_leads_nowhere(store: RunStore, token: str) -> None:
    store.share(make_run(store).id)
    assert refused(store, token)
