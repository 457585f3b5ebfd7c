"""What rooms remember of their addresses, each for itself."""

from streamlit.testing.v1 import AppTest

from tests.ui.page_tools import PATIENCE


def two_rooms() -> None:
    import streamlit as st

    from lstm.ui import address

    address.enter(st.session_state["room"])
    st.button("keep", on_click=lambda: address.put("text", st.session_state["kept"]))
    st.text(f"It says {address.get('text')}.")


def room(page: AppTest, name: str) -> str:
    """Enter a room, its address empty as after a link, and return what it says."""
    page.session_state["room"] = name
    page.query_params.clear()
    page.run()
    return str(page.text[0].value)


def test_a_room_remembers_for_itself_what_another_one_calls_by_the_same_name() -> None:
    page = AppTest.from_function(two_rooms, default_timeout=PATIENCE)
    assert room(page, "train") == "It says None."
    page.session_state["kept"] = "essays-zh"
    page.button[0].click().run()
    assert page.query_params["text"] in ("essays-zh", ["essays-zh"])
    assert room(page, "look") == "It says None."
    page.session_state["kept"] = "words of one's own"
    page.button[0].click().run()
    assert room(page, "train") == "It says essays-zh."
    assert room(page, "look") == "It says words of one's own."


def a_part_that_ticks() -> None:
    import streamlit as st

    from lstm.ui import address

    address.enter("look")
    st.button("click", on_click=lambda: address.put("view", "clicked"))
    if st.session_state.pop("ticks", False):
        st.query_params["view"] = "from before the click"
        address.redraw("view")
    st.text(f"It shows {address.get('view')}.")


def test_a_tick_from_before_a_click_does_not_undo_it() -> None:
    page = AppTest.from_function(a_part_that_ticks, default_timeout=PATIENCE)
    page.run()
    page.button[0].click().run()
    assert page.text[0].value == "It shows clicked."
    page.session_state["ticks"] = True
    page.run()
    assert page.text[0].value == "It shows clicked."
    assert page.query_params["view"] in ("clicked", ["clicked"])
