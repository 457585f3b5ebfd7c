"""The report of a network: one HTML file to read, to print and to hand in.

Figures are drawn here, as SVG; there is no script in it and it fetches nothing. Every name and
every text is escaped. Knows nothing of where runs live.
"""

import base64
import hashlib
import html
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import numpy as np

from lstm.config import SAMPLE_LENGTH, SAMPLE_TEMPERATURES, SampleConfig
from lstm.export.figures import gradient_figure, learning_rate_figure, loss_figure
from lstm.export.story import Story
from lstm.export.words import Rows, count, duration, facts, model_rows, parameters
from lstm.messages import Language, text
from lstm.records import EpochRow, Run, SampleRow
from lstm.sampling import Writer

MOST_EVALUATIONS = 8
"""Evaluations whose samples are shown: early ones lie closer together, as learning does."""

TINTED_LENGTH = 700
"""Characters of the excerpt that is tinted by surprise."""

_TINTED_TEMPERATURE = 0.7
_TINTS = 9  # steps of the scale: 0, 1, ... 7, and 8 bits or more
_FOLDER = Path(__file__).parent / "report"


def report(story: Story, language: Language = "en") -> bytes:
    """Return a page on a network: its figures, curves, samples and settings.

    Args:
        story: The network. Of a model file without a past there are settings and samples alone.
        language: Language of the report.
    """
    style = (_FOLDER / "report.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    page = Template((_FOLDER / "report.html").read_text("utf-8")).substitute(
        language=language,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'",
        style=style,
        title=html.escape(text("export.report.title", language, name=story.name)),
        name=html.escape(story.name),
        facts=html.escape(facts(story.saved, language)),
        date=_date(story),
        sections="\n".join(_sections(story, language)),
        note=html.escape(text("export.report.note", language)),
    )
    return page.encode("utf-8", "replace")


def _sections(story: Story, language: Language) -> Iterable[str]:
    yield _tiles(_key_figures(story, language))
    if story.epochs and story.curve is not None:
        yield _section("curves", language, _curves(story, language))
    yield _section("writes", language, _tinted(story, language))
    yield _section("samples", language, _samples(story, language))
    yield _section("settings", language, _table(_settings(story, language)))
    if story.notices:
        yield _section("notices", language, _notices(story, language))


def _section(name: str, language: Language, content: str) -> str:
    heading = html.escape(text(f"export.report.{name}", language))
    return f'<section class="{name}">\n<h2>{heading}</h2>\n{content}\n</section>'


def _date(story: Story) -> str:
    if story.run is None:
        return ""
    moment = story.run.finished or story.run.created
    day = datetime.fromtimestamp(moment, UTC).date().isoformat()
    return f'<p class="date"><time datetime="{day}">{day}</time></p>'


# ---- figures -----------------------------------------------------------------------------------


def _key_figures(story: Story, language: Language) -> Rows:
    figures = [(text("export.facts.parameters", language), count(parameters(story.saved)))]
    if story.run is None:
        return figures
    if story.run.best_bits is not None:
        among = 2.0**story.run.best_bits
        figures = [
            (text("export.facts.bits", language), f"{story.run.best_bits:.3f}"),
            (text("export.facts.among", language), f"{among:.2f}"),
            *figures,
        ]
    return [
        *figures,
        (text("export.facts.epoch", language), f"{story.run.epoch:,.1f}"),
        (text("export.facts.seconds", language), duration(story.run.seconds, language)),
        *_length(story.run, language),
    ]


def _length(run: Run, language: Language) -> Rows:
    if not run.has_text:
        return []
    return [(text("export.facts.characters", language), count(run.characters))]


def _tiles(figures: Rows) -> str:
    tiles = (
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>"
        for name, value in figures
    )
    return f'<dl class="tiles">{"".join(tiles)}</dl>'


def _curves(story: Story, language: Language) -> str:
    if story.curve is None:
        return ""
    loss = loss_figure(story.curve, story.epochs, story.baselines, language)
    clip = story.saved.train_config.clip if story.saved.train_config else 0.0
    small = [
        gradient_figure(story.curve, clip, language),
        learning_rate_figure(story.curve, language),
    ]
    return f'{loss}\n<div class="pair">{"".join(small)}</div>'


# ---- texts -------------------------------------------------------------------------------------


def _tinted(story: Story, language: Language) -> str:
    """Return an excerpt in which every character is tinted by how surprising it was."""
    writer = Writer(
        story.saved.model(),
        story.saved.vocabulary,
        sample=SampleConfig(_TINTED_TEMPERATURE),
        opening=_opening(story),
    )
    runs: list[tuple[int, str]] = []
    for one in writer.write(TINTED_LENGTH):
        step = min(int(one.bits), _TINTS - 1)
        if runs and runs[-1][0] == step:
            runs[-1] = (step, runs[-1][1] + one.character)
        else:
            runs.append((step, one.character))
    spans = "".join(f'<span class="s{step}">{html.escape(said)}</span>' for step, said in runs)
    scale = "".join(
        f'<span class="s{step}">{step}{"+" if step == _TINTS - 1 else ""}</span>'
        for step in range(_TINTS)
    )
    caption = text("export.report.tinted", language, temperature=_TINTED_TEMPERATURE)
    legend = html.escape(text("write.typewriter.legend_surprise", language))
    return (
        f"<figure><blockquote><b>{html.escape(writer.opening)}</b>{spans}</blockquote>"
        f'<figcaption>{html.escape(caption)} <span class="legend">{legend} {scale}</span>'
        "</figcaption></figure>"
    )


def _opening(story: Story) -> str:
    return story.samples[-1][0].opening if story.samples and story.samples[-1] else ""


def _samples(story: Story, language: Language) -> str:
    if not story.samples:
        return _quotes(_fresh(story), language)
    by_index = {row.index: row for row in story.epochs}
    best = next((i for i, rows in enumerate(story.samples) if _is_best(by_index, rows)), None)
    shown = [story.samples[place] for place in chosen(len(story.samples), best)]
    many = text("export.report.shown", language, shown=len(shown), all=count(len(story.samples)))
    return f"<p>{html.escape(many)}</p>" + "".join(
        _evaluation(rows, by_index.get(rows[0].index), language) for rows in shown
    )


def _is_best(by_index: dict[int, EpochRow], rows: Sequence[SampleRow]) -> bool:
    best = [row.index for row in by_index.values() if row.best]
    return bool(best) and rows[0].index == max(best)  # the last of the records is the lowest


def chosen(number: int, best: int | None, most: int = MOST_EVALUATIONS) -> list[int]:
    """Return which of so many evaluations to show: the first, the last, the best, and some between.

    Args:
        number: How many there are, at least one.
        best: Place of the best one.
        most: At most so many.
    """
    if number <= most:
        return list(range(number))
    kept = {0, number - 1} | ({best} if best is not None else set())
    for place in np.geomspace(1, number, most).round().astype(int).tolist():
        if len(kept) < most:
            kept.add(place - 1)
    return sorted(kept)


def _evaluation(rows: Sequence[SampleRow], row: EpochRow | None, language: Language) -> str:
    heading = text("export.report.after", language, epoch=f"{rows[0].epoch:,.4g}")
    if row is not None and row.validation_bits is not None:
        bits, unit = f"{row.validation_bits:.3f}", text("charts.unit_bits", language)
        heading += f" · {bits} {unit}"
    return f'<div class="evaluation"><h3>{html.escape(heading)}</h3>{_quotes(rows, language)}</div>'


def _quotes(rows: Iterable[SampleRow], language: Language) -> str:
    name = text("write.typewriter.temperature", language)
    quotes = (
        f"<figure><figcaption>{html.escape(name)} {row.temperature:g}</figcaption>"
        f"<blockquote><b>{html.escape(row.opening)}</b>{html.escape(row.text)}</blockquote></figure>"
        for row in rows
    )
    return f'<div class="quotes">{"".join(quotes)}</div>'


def _fresh(story: Story) -> list[SampleRow]:
    """Return samples of a network without a past, as a training would have written them."""
    saved, model = story.saved, story.saved.model()
    rows = []
    for temperature in SAMPLE_TEMPERATURES:
        writer = Writer(model, saved.vocabulary, sample=SampleConfig(temperature))
        said = writer.write_text(SAMPLE_LENGTH)
        rows.append(SampleRow(0, math.nan, temperature, writer.opening, said))
    return rows


# ---- settings ----------------------------------------------------------------------------------


def _settings(story: Story, language: Language) -> Rows:
    rows = model_rows(story.saved, language)
    if story.run is None:
        return rows
    about = [
        (text("train.watch.text", language), story.run.corpus_name),
        (
            text("train.network.preset", language),
            text(f"train.preset.{story.run.preset}", language),
        ),
    ]
    return about + rows


def _table(rows: Rows) -> str:
    lines = (
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table>{''.join(lines)}</table>"


def _notices(story: Story, language: Language) -> str:
    items = (f"<li>{html.escape(notice.text(language))}</li>" for notice in story.notices)
    return f"<ul>{''.join(items)}</ul>"
