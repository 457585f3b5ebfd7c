"""What is thrown away before a page is drawn again: no answer, and no part without its whole."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import create_reference_msg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from lstm.ui import outbox

TICKING, OTHER = "ticking", "other"


def drawn(path: list[int], fragment: str, *, block: bool = False) -> ForwardMsg:
    message = ForwardMsg(hash=f"{fragment} {path}")
    message.metadata.delta_path.extend(path)
    message.delta.fragment_id = fragment
    if block:
        message.delta.add_block.allow_empty = False
    else:
        message.delta.new_element.html.body = "a chart"
    return message


def a_page() -> ForwardMsgQueue:
    """Two fragments that nobody has fetched yet, each with a chart that the browser knows."""
    queue = ForwardMsgQueue()
    for index, fragment in enumerate((TICKING, OTHER)):
        queue.enqueue(drawn([0, index], fragment, block=True))
        queue.enqueue(drawn([0, index, 0], fragment, block=True))
        queue.enqueue(create_reference_msg(drawn([0, index, 0, 0], fragment)))
        queue.enqueue(drawn([0, index, 1], fragment))
    return queue


def an_answer() -> ForwardMsg:
    message = ForwardMsg()
    message.file_urls_response.response_id = "where may it be sent?"
    return message


def kinds(queue: ForwardMsgQueue) -> list[str | None]:
    return [message.WhichOneof("type") for message in queue._queue]


def places(queue: ForwardMsgQueue) -> list[list[int]]:
    return [list(message.metadata.delta_path) for message in queue._queue]


def test_streamlit_still_leaves_the_chart_without_its_container() -> None:
    """When this fails, half of ``lstm.ui.outbox`` is needed no longer."""
    queue = a_page()
    clear = getattr(ForwardMsgQueue.clear, "__wrapped__", ForwardMsgQueue.clear)
    clear(queue, True, [TICKING])
    assert places(queue) == [[0, 0, 0, 0], [0, 1], [0, 1, 0], [0, 1, 0, 0], [0, 1, 1]]


def test_it_goes_with_what_its_fragment_drew_and_others_stay() -> None:
    queue = a_page()
    outbox.careful(ForwardMsgQueue.clear)(queue, True, [TICKING])
    assert places(queue) == [[0, 1], [0, 1, 0], [0, 1, 0, 0], [0, 1, 1]]


def test_where_the_container_has_been_sent_its_chart_may_follow() -> None:
    queue = ForwardMsgQueue()
    queue.enqueue(create_reference_msg(drawn([0, 0, 0, 0], TICKING)))
    outbox.careful(ForwardMsgQueue.clear)(queue, True, [TICKING])
    assert places(queue) == [[0, 0, 0, 0]]


def test_a_drawing_of_the_whole_page_throws_all_away() -> None:
    queue = a_page()
    outbox.careful(ForwardMsgQueue.clear)(queue, True, None)
    assert places(queue) == []


def test_streamlit_still_throws_answers_away() -> None:
    """When this fails, half of ``lstm.ui.outbox`` is needed no longer."""
    queue = ForwardMsgQueue()
    queue.enqueue(an_answer())
    clear = getattr(ForwardMsgQueue.clear, "__wrapped__", ForwardMsgQueue.clear)
    clear(queue, True, None)
    assert queue.is_empty()


@pytest.mark.parametrize("fragments", [None, [], [TICKING]])
def test_an_answer_stays_once_whatever_is_drawn_again(fragments: list[str] | None) -> None:
    queue = a_page()
    queue.enqueue(an_answer())
    outbox.careful(ForwardMsgQueue.clear)(queue, True, fragments)
    assert kinds(queue).count("file_urls_response") == 1


def test_nothing_stays_when_all_was_sent_or_nobody_listens() -> None:
    queue = a_page()
    queue.enqueue(an_answer())
    outbox.careful(ForwardMsgQueue.clear)(queue, False, None)
    assert queue.is_empty()


def test_it_is_installed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForwardMsgQueue, "clear", ForwardMsgQueue.clear)  # put back in the end
    outbox.install()
    once = ForwardMsgQueue.clear
    outbox.install()
    assert ForwardMsgQueue.clear is once
    queue = a_page()
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=[TICKING])
    assert [0, 0, 0, 0] not in places(queue)
    queue.clear()
    assert queue.is_empty()
