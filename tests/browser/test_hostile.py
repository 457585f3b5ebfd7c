"""A text, a file's name and a run's name made to break out: shown everywhere, and never alive.

The network of these tests writes an element without end, whatever it is asked. A class's page is
tried by ``test_classroom``, with a nickname of the same kind.
"""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import pytest
import torch
from playwright.sync_api import Dialog, Locator, Page, expect

from lstm.checkpoint import Saved, dumps
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.events import EpochEnd, Sample, Step, TrainingState
from lstm.messages import text
from lstm.model import CharModel
from lstm.runs import Message, RunState, RunStore
from lstm.ui.learn.chapters import CHAPTERS
from lstm.ui.look.views import VIEWS
from lstm.ui.visitor import COOKIE
from lstm.vocabulary import Vocabulary
from tests.browser.conftest import PATIENCE, OpenPage, Server
from tests.browser.test_accessible import settled
from tests.browser.test_learn import title
from tests.browser.test_look import go_to
from tests.browser.test_takehome import open_offers, take
from tests.browser.test_train import upload
from tests.browser.typewriter import Typewriter
from tests.engine_tools import bare_state
from tests.ui.page_tools import ANNA, BERT

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

MARK = "http://foreign.example/x"
WRITTEN = "<Img sRc=x>"
"""What the network writes: no symbol comes twice, so that each has one that follows."""

PAYLOADS = (
    "<script>window.__pwned=1</script>",
    f'<img src="{MARK}" onerror="window.__pwned=2">',
    "<svg onload=window.__pwned=3><circle class=planted /></svg>",
    f"![picture]({MARK}.png) [link](javascript:window.__pwned=4) **bold** :red[red]",
    f"$$\\href{{{MARK}}}{{\\frac12}}$$ $x^2$ `code` # head",
    "</code></pre><b class=planted onclick=alert(1)>b</b>&lt;i&gt;",
    "\u202eright to left\u202c \u200b\ufeff مرحبا \x1b[31mred\x1b[0m \x07 ${1+1} {{7*7}} %s {0}",
    WRITTEN,
)
HOSTILE = "\n".join(PAYLOADS)
NAMES = (PAYLOADS[1][:70], PAYLOADS[3][:70])


class Made(NamedTuple):
    """Two of Anna's runs, and the link of the first."""

    run: str
    other: str
    link: str


@pytest.fixture(scope="module")
def made(server: Server) -> Made:
    with RunStore(server.data) as store:
        run, other = (a_hostile_run(store, name) for name in NAMES)
        return Made(run, other, store.share(run))


def a_hostile_run(store: RunStore, name: str) -> str:
    corpus = Corpus.from_text((HOSTILE + "\n") * 40, name=PAYLOADS[3])
    config = TrainConfig(seconds=60.0, batch_size=8, seq_len=32)
    saved = Saved(*a_copyist(corpus.vocabulary), info={"name": PAYLOADS[2], "corpus": PAYLOADS[0]})
    run = store.create(ANNA, name, corpus, saved.model_config, config, "quick")
    store.begin(run.id, pid=1, pid_started=None)
    for index in range(1, 4):
        seconds, loss = 2.0 * index, 2.0 / index
        step = Step(10 * index, float(index), seconds, loss, 0.5, 0.008, 1000.0)
        judged = EpochEnd(index, 10 * index, float(index), seconds, loss, loss, True, 0.1)
        store.append(run.id, [step, judged, Sample(index, 1.0, 0.7, PAYLOADS[0], HOSTILE, 0.01)])
    saved.state.numbers.update(step=30)
    saved.info["epoch"] = 3.0
    store.save_checkpoint(run.id, saved, saved)
    store.end(run.id, RunState.FINISHED, Message("notices.finished_stopped"))
    return run.id


def a_copyist(vocabulary: Vocabulary) -> tuple[ModelConfig, Vocabulary, TrainingState]:
    """A network that writes one thing over and over.

    Its memory holds the last symbol alone: input and output gates are open, the forget gate is
    shut. From there, one weight each leads to the symbol that follows.
    """
    size = vocabulary.size
    model = CharModel(size, ModelConfig(hidden_size=size, embedding_size=0))
    weights = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    gates = weights["layers.0.bias_ih_l0"].view(4, size)
    gates[:] = torch.tensor([30.0, -30.0, 0.0, 30.0])[:, None]
    weights["layers.0.weight_ih_l0"].view(4, size, size)[2] = 30 * torch.eye(size)
    for place, symbol in enumerate(vocabulary.characters):
        follows = WRITTEN[(WRITTEN.find(symbol) + 1) % len(WRITTEN)]
        weights["head.weight"][vocabulary.characters.index(follows), place] = 40.0
    model.load_state_dict(weights)
    return model.config, vocabulary, bare_state(model)


class Watch:
    """Notes every request to another host, every dialog and every page that opens."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self._host = urlsplit(server.url).netloc
        self.noted: list[str] = []
        page.on("request", lambda request: self._asked(request.url))
        page.on("dialog", self._refuse)
        page.on("popup", lambda popup: self.noted.append(popup.url))

    def _asked(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self._host:
            self.noted.append(address)

    def _refuse(self, dialog: Dialog) -> None:
        self.noted.append(dialog.message)
        dialog.dismiss()

    def nothing_came_alive(self) -> None:
        """No payload ran, and none became an element, be it in a component's root."""
        assert self.page.evaluate(_ALIVE, self.page.url.partition(":")[0]) == []
        assert self.noted == []


_ALIVE = """() => {
    const bad = [];
    if (window.__pwned !== undefined) bad.push('ran ' + window.__pwned);
    const made = { STRONG: 'bold', A: 'link', CODE: 'code', EM: 'bold' };
    const look = (root) => {
        for (const node of root.querySelectorAll('*')) {
            for (const { name, value } of node.attributes) {
                const fetched = /^(src|href|xlink:href|action|data)$/.test(name);
                if (/^on[a-z]+$/.test(name)) bad.push(node.tagName + ' ' + name);
                if (fetched && (value === 'x' || /foreign\\.example|javascript:/.test(value)))
                    bad.push(node.tagName + ' ' + value);
            }
            const { classList } = node;
            if (classList.contains('planted')) bad.push('planted');
            if (classList.contains('stMarkdownColoredText')) bad.push('coloured');
            if (node.tagName === 'annotation' && /foreign|^x\\^2$/.test(node.textContent))
                bad.push('formula');
            if (made[node.tagName] && node.textContent === made[node.tagName])
                bad.push(node.tagName);
            if (node.shadowRoot) look(node.shadowRoot);
        }
    };
    look(document);
    return bad;
}"""


def anna(open_page: OpenPage, server: Server, path: str, visitor: str = ANNA) -> tuple[Page, Watch]:
    """Open a page as one of the two visitors."""
    page = open_page("about:blank")
    page.context.add_cookies([{"name": COOKIE, "value": visitor, "url": server.url}])
    watch = Watch(page, server)
    page.goto(path)
    return page, watch


def point_at(page: Page, chart: Locator) -> None:
    """Hover over the last point of a chart's first line, and wait for what it says."""
    expect(chart.locator(".main-svg").first).to_be_visible()
    chart.scroll_into_view_if_needed()
    x, y = chart.evaluate("""(canvas) => {
        const { xaxis, yaxis, _size } = canvas._fullLayout;
        const { left, top } = canvas.getBoundingClientRect();
        const { x, y } = canvas.data.find((trace) => trace.x.length > 2);
        const at = (axis, value) => axis.l2p(axis.c2l(value));
        return [left + _size.l + at(xaxis, x[1]), top + _size.t + at(yaxis, y[1])];
    }""")
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    expect(chart.locator(".hoverlayer")).to_contain_text("<img src=")


def test_rooms(open_page: OpenPage, server: Server, made: Made) -> None:
    page, watch = anna(open_page, server, f"/runs?compare={made.run},{made.other}")
    expect(page.get_by_role("heading", name=NAMES[0])).to_be_visible()
    expect(page.get_by_role("heading", name=NAMES[1])).to_be_visible()
    point_at(page, page.locator(".st-key-plot-comparison .charloom-plot-canvas"))
    watch.nothing_came_alive()
    page.goto(f"/train?run={made.other}")
    page.get_by_role("combobox", name=text("train.look.earlier")).click()
    page.get_by_role("option", name=NAMES[0]).click()
    page.keyboard.press("Escape")
    point_at(page, page.locator(".st-key-plot-loss .charloom-plot-canvas"))
    expect(page.get_by_text(PAYLOADS[5]).first).to_be_visible()
    watch.nothing_came_alive()
    page.goto(f"/train?from={made.run}")
    expect(page.get_by_role("heading", name=NAMES[0])).to_be_visible()
    watch.nothing_came_alive()
    page.goto("/train?text=upload")
    upload(page, PAYLOADS[3].replace("/", "") + ".txt", (HOSTILE * 20).encode("utf-8"))
    expect(page.get_by_text(text("train.text.symbols"), exact=True)).to_be_visible()
    settled(page)
    watch.nothing_came_alive()


def test_views(open_page: OpenPage, server: Server, made: Made) -> None:
    first, *others = VIEWS
    asked = f"run={made.run}&other=run:{made.other}&text={quote(HOSTILE)}"
    page, watch = anna(open_page, server, f"/look?view={first}&{asked}")
    for view in (first, *others):
        go_to(page, view, "en")
        settled(page)
        expect(page.get_by_role("progressbar")).to_have_count(0)
        watch.nothing_came_alive()


def test_a_saved_figure(open_page: OpenPage, server: Server, made: Made, tmp_path: Path) -> None:
    asked = f"run={made.run}&other=run:{made.other}&text={quote(HOSTILE)}"
    page, watch = anna(open_page, server, f"/look?view=horizon&{asked}")
    expect(page.get_by_text(text("look_horizon.numbers"), exact=True).first).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    chart = page.locator(".st-key-plot-horizon")
    point_at(page, chart.locator(".charloom-plot-canvas"))
    watch.nothing_came_alive()
    with page.expect_download() as caught:
        chart.get_by_role("button", name=text("look.tinted.svg")).click()
    file = tmp_path / "figure.svg"
    caught.value.save_as(file)
    page.goto(file.as_uri())
    assert NAMES[0][:20] in (page.locator("svg").first.text_content() or "")
    watch.nothing_came_alive()


def test_writing(open_page: OpenPage, server: Server, made: Made) -> None:
    asked = f"run={made.run}&opening={quote(PAYLOADS[0])}&rng={quote(PAYLOADS[1])}"
    page, watch = anna(open_page, server, f"/?{asked}")
    typewriter = Typewriter(page)
    typewriter.wait_for(60)
    assert WRITTEN * 3 in typewriter.text()
    typewriter.control("tint").select_option("surprise")
    typewriter.choose_the_last()
    expect(typewriter.root.locator(".odds .row.is .sign")).to_have_count(1)
    watch.nothing_came_alive()
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        typewriter.control("download").click()
    assert download.value.path().read_text("utf-8") == PAYLOADS[0] + typewriter.text()
    typewriter.compare(40)
    assert WRITTEN in typewriter.text(4)
    watch.nothing_came_alive()


def test_what_is_taken_home(
    open_page: OpenPage, server: Server, made: Made, tmp_path: Path
) -> None:
    page, watch = anna(open_page, server, f"/train?run={made.run}")
    open_offers(page, "en")
    files = {kind: take(page, kind, "en", tmp_path) for kind in ("html", "report", "samples")}
    assert all(re.fullmatch(r"[\w.-]+", file.name) for file in files.values())
    watch.nothing_came_alive()
    assert HOSTILE in files["samples"].read_bytes().decode()
    page.goto(files["html"].as_uri())
    typewriter = Typewriter(page)
    typewriter.wait_for(40)
    assert WRITTEN in typewriter.text()
    expect(page.get_by_text(NAMES[0]).first).to_be_visible()
    watch.nothing_came_alive()
    page.goto(files["report"].as_uri())
    expect(page.get_by_text(NAMES[0]).first).to_be_visible()
    expect(page.get_by_text(PAYLOADS[5]).first).to_be_visible()
    watch.nothing_came_alive()


def test_a_guest(open_page: OpenPage, server: Server, made: Made) -> None:
    page, watch = anna(open_page, server, f"/train?shared={made.link}", BERT)
    expect(page.get_by_role("heading", name=NAMES[0])).to_be_visible()
    expect(page.get_by_text(PAYLOADS[5]).first).to_be_visible()
    watch.nothing_came_alive()
    page.goto(f"/?shared={made.link}")
    Typewriter(page).wait_for(40)
    assert WRITTEN in Typewriter(page).text()
    watch.nothing_came_alive()


def test_a_model_that_is_brought_along(open_page: OpenPage, server: Server) -> None:
    odd = "\x00\x07\x1b\n\t &'\"`$*_[](){}\\%#|~\u2028\u202e\u200b\ufeff\ud800\U0001f600"
    vocabulary = Vocabulary(tuple(sorted(set(odd + WRITTEN))))
    info = {"name": PAYLOADS[1], "corpus": PAYLOADS[3], "epoch": PAYLOADS[0], "more": PAYLOADS[2]}
    data = dumps(Saved(*a_copyist(vocabulary), info=info))
    page, watch = anna(open_page, server, "/runs")
    page.get_by_text(text("runs.back.title"), exact=True).click()
    file = {"name": f"{PAYLOADS[4]}.safetensors", "mimeType": "text/html", "buffer": data}
    page.locator('[data-testid="stFileUploader"] input[type=file]').set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_role("heading", name=PAYLOADS[1], exact=True)).to_be_visible()
    watch.nothing_came_alive()
    page.get_by_role("button", name=text("runs.back.keep"), exact=True).click()
    run = page.locator("[class*='st-key-run-']").first
    expect(run.get_by_role("heading", name=PAYLOADS[1])).to_be_visible()
    watch.nothing_came_alive()
    run.get_by_role("link", name=text("runs.write"), exact=True).click()
    Typewriter(page).wait_for(40)
    assert WRITTEN in Typewriter(page).text()
    watch.nothing_came_alive()


def test_the_lesson(open_page: OpenPage, server: Server) -> None:
    page, watch = anna(open_page, server, f"/learn?source=paste&page={quote(PAYLOADS[0])}")
    page.locator(".st-key-learn-source button").click()
    box = page.get_by_role("textbox", name=text("learn.source.here"))
    box.fill(HOSTILE * 20)
    box.press("Control+Enter")
    expect(page.locator(".st-key-learn-source button")).to_contain_text(text("learn.source.paste"))
    page.keyboard.press("Escape")
    for key in CHAPTERS:
        title(page, key, "en")
        settled(page)
        watch.nothing_came_alive()
        if key != CHAPTERS[-1]:
            page.locator(".st-key-learn-next button").click()
