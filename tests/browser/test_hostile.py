"""A text, a file's name and a run's name made to break out: shown everywhere, and never alive."""

from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Dialog, Page, expect

from lstm.checkpoint import Saved
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.events import EpochEnd, Sample, Step
from lstm.messages import text
from lstm.runs import Message, RunState, RunStore
from lstm.ui.look.views import VIEWS
from lstm.ui.visitor import COOKIE
from tests.browser.conftest import PATIENCE, OpenPage, Server
from tests.browser.test_train import upload
from tests.browser.typewriter import Typewriter
from tests.engine_tools import bare_state, network
from tests.ui.page_tools import ANNA

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

MARK = "http://foreign.example/x"
PAYLOADS = (
    "<script>window.__pwned=1</script>",
    f'<img src="{MARK}" onerror="window.__pwned=2">',
    "<svg onload=window.__pwned=3><circle class=planted /></svg>",
    f"![picture]({MARK}.png) [link](javascript:window.__pwned=4) **bold** :red[red]",
    f"$$\\href{{{MARK}}}{{\\frac12}}$$ $x^2$ `code` # head",
    "</code></pre><b class=planted onclick=alert(1)>b</b>&lt;i&gt;",
    "\u202eright to left\u202c \u200b\ufeff مرحبا \x1b[31mred\x1b[0m \x07 ${1+1} {{7*7}} %s {0}",
)
HOSTILE = "\n".join(PAYLOADS)
NAME = PAYLOADS[1][:70]


def a_hostile_run(server: Server) -> str:
    corpus = Corpus.from_text((HOSTILE + "\n") * 40, name=PAYLOADS[3])
    with RunStore(server.data) as store:
        config = TrainConfig(seconds=60.0, batch_size=8, seq_len=32)
        shape = ModelConfig(hidden_size=16, embedding_size=8)
        run = store.create(ANNA, NAME, corpus, shape, config, "quick")
        store.begin(run.id, pid=1, pid_started=None)
        store.append(
            run.id,
            [
                Step(10, 1.0, 2.0, 2.0, 0.5, 0.008, 1000.0),
                EpochEnd(1, 10, 1.0, 2.0, 1.5, 1.5, True, 0.1),
                Sample(1, 1.0, 0.7, PAYLOADS[0], HOSTILE, 0.01),
            ],
        )
        model = network(corpus.vocabulary.size)
        state = bare_state(model)
        state.numbers.update(step=10)
        info = {"epoch": 1.0, "name": PAYLOADS[2], "corpus": PAYLOADS[0]}
        saved = Saved(model.config, corpus.vocabulary, state, info=info)
        store.save_checkpoint(run.id, saved, saved)
        store.end(run.id, RunState.FINISHED, Message("notices.finished_stopped"))
        store.share(run.id)
        return run.id


def watched(page: Page, server: Server) -> list[str]:
    """Note every request to another host, every dialog and every page that opens."""
    noted: list[str] = []
    host = urlsplit(server.url).netloc

    def asked(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != host:
            noted.append(address)

    def refuse(dialog: Dialog) -> None:
        noted.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: asked(request.url))
    page.on("dialog", refuse)
    page.on("popup", lambda popup: noted.append(popup.url))
    return noted


def nothing_came_alive(page: Page) -> None:
    """No payload ran, and none became an element, be it in the page or in a component's root."""
    found = page.evaluate("""() => {
        const bad = [];
        if (window.__pwned !== undefined) bad.push('ran ' + window.__pwned);
        const look = (root) => {
            for (const node of root.querySelectorAll('*')) {
                const said = [...node.attributes].map((one) => one.name + '=' + one.value);
                if (node.classList?.contains('planted')) bad.push('planted');
                for (const one of said) {
                    if (/^on[a-z]+=/.test(one)) bad.push(node.tagName + ' ' + one);
                    if (/^(src|href|xlink:href|action)=/.test(one)
                        && /foreign\\.example|javascript:/.test(one)) bad.push(one);
                }
                if (node.classList?.contains('katex') && !node.closest('[data-testid=stExpander]'))
                    bad.push('formula');
                if (node.shadowRoot) look(node.shadowRoot);
            }
        };
        look(document);
        return bad;
    }""")
    assert found == []


def test_nothing_of_a_text_or_a_name_comes_alive(open_page: OpenPage, server: Server) -> None:
    run = a_hostile_run(server)
    page = open_page("/runs")
    page.context.add_cookies([{"name": COOKIE, "value": ANNA, "url": server.url}])
    noted = watched(page, server)
    title = page.get_by_role("heading", name=NAME)
    for path in ("/runs", f"/runs?compare={run}", f"/train?run={run}", f"/train?from={run}"):
        page.goto(path)
        expect(title.first).to_be_visible()
        nothing_came_alive(page)
    page.goto("/train?text=upload")
    upload(page, PAYLOADS[3].replace("/", "") + ".txt", (HOSTILE * 20).encode("utf-8"))
    expect(page.get_by_text(text("train.text.symbols"), exact=True)).to_be_visible()
    nothing_came_alive(page)
    page.goto(f"/?run={run}&opening={quote(PAYLOADS[0])}&rng={quote(PAYLOADS[1])}")
    Typewriter(page).wait_for(100)
    nothing_came_alive(page)
    assert noted == []


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_comes_alive_in_a_view(open_page: OpenPage, server: Server, view: str) -> None:
    run = a_hostile_run(server)
    page = open_page("/runs")
    page.context.add_cookies([{"name": COOKIE, "value": ANNA, "url": server.url}])
    noted = watched(page, server)
    page.goto(f"/look?run={run}&view={view}&text={quote(HOSTILE)}")
    expect(page.get_by_role("heading", name=text(f"look_{view}.title"))).to_be_visible()
    expect(
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
    ).to_be_visible()
    nothing_came_alive(page)
    assert noted == []
