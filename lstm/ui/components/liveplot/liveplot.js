// A Plotly chart that lives as long as its place on the page. Streamlit calls the default
// function again whenever the data or the theme changes; the same view then updates in place.

const NARROW = 560; // pixels: below it, labels move into the plot and margins shrink
const CLEAR = 10; // pixels that a label in the plot keeps around it
const views = new WeakMap();
let loading;

export default function (component) {
  const { parentElement, data } = component;
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.update(data);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

class View {
  constructor(parent) {
    this.parent = parent;
    this.resets = 0;
    this.closed = false;
    this.figure = element("figure", "charloom-plot");
    this.canvas = element("div", "charloom-plot-canvas");
    this.words = element("figcaption", "charloom-heard");
    this.button = element("button", "charloom-plot-reset");
    this.button.type = "button";
    this.button.hidden = true;
    this.button.addEventListener("click", () => this.resetZoom());
    this.saves = element("div", "charloom-plot-saves");
    this.figure.append(this.canvas, this.words, this.button, this.saves);
    parent.append(this.figure);
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.figure);
    this.follow = (event) => this.followed(event.detail);
    document.addEventListener("charloom-playhead", this.follow);
  }

  async update(data) {
    this.data = data;
    const words = JSON.parse(data.words);
    this.scale = Number(getComputedStyle(this.parent).getPropertyValue("--charloom-plot-scale")) || 1;
    this.height = Math.round(data.height * this.scale);
    this.canvas.style.height = `${this.height}px`;
    this.figure.style.height = data.file ? "" : `${this.height}px`;
    this.offer(data.file, words);
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", data.title);
    this.button.textContent = words.reset;
    describe(this.words, data);
    try {
      this.plotly = await loadPlotly(data.bundle);
    } catch {
      this.failed(words.failed);
      return;
    }
    this.draw();
  }

  draw() {
    const width = this.canvas.clientWidth;
    if (this.closed || !this.plotly || width === 0) return;
    const figure = JSON.parse(this.data.figure);
    this.meta = figure.layout.meta ?? {};
    this.revision = figure.layout.uirevision;
    const layout = dressed(figure, getComputedStyle(this.parent), width);
    if (this.scale > 1) enlarged(layout, this.scale);
    layout.width = this.width = width;
    layout.height = this.height;
    this.keepZoom(layout);
    if (width < NARROW) keepClear(layout, figure.data);
    this.drawn = this.plotly.react(this.canvas, figure.data, layout, {
      displayModeBar: false,
      doubleClick: false, // the event below does it, in one way for mouse and button
      typesetMath: false,
    });
    if (!this.listening) this.listen();
    if (this.playhead) this.followed(this.playhead);
  }

  // The playhead of a text goes along the line "path", with a point for every character: the
  // traces "tail" and "head" show where it is and where it was.
  followed(playhead) {
    if (playhead.name !== this.meta?.follows) return;
    this.playhead = playhead;
    if (!this.plotly) return;
    const at = (uid) => this.canvas.data.findIndex((trace) => trace.uid === uid);
    const path = this.canvas.data[at("path")];
    const { place } = playhead;
    if (place >= path.x.length) return;
    const from = Math.max(0, place - this.meta.tail);
    const cut = (start) => [path.x.slice(start, place + 1), path.y.slice(start, place + 1)];
    const [tailX, tailY] = cut(from);
    const [headX, headY] = cut(place);
    const moved = { x: [tailX, headX], y: [tailY, headY] };
    this.drawn = this.plotly.restyle(this.canvas, moved, [at("tail"), at("head")]);
  }

  offer(file, words) {
    const kinds = file ? ["png", "svg"] : [];
    this.saves.replaceChildren(
      ...kinds.map((kind) => {
        const made = element("button", "charloom-plot-save");
        made.type = "button";
        made.textContent = words[kind];
        made.addEventListener("click", () => this.save(kind, file));
        return made;
      }),
    );
  }

  async save(kind, file) {
    if (!this.listening) return;
    const { data, layout } = this.canvas;
    const paper = getComputedStyle(this.parent).getPropertyValue("--st-background-color").trim();
    const picture = { data, layout: { ...layout, paper_bgcolor: paper } };
    const size = { width: this.width, height: this.height, scale: kind === "png" ? 2 : 1 };
    const link = element("a", "");
    link.href = await this.plotly.toImage(picture, { format: kind, ...size });
    link.download = `${file}.${kind}`;
    link.click();
  }

  listen() {
    this.listening = true;
    this.canvas.on("plotly_doubleclick", () => this.resetZoom());
    this.canvas.on("plotly_relayout", (change) => {
      const zoomed = Object.keys(change).some((name) => /axis\d*\.range/.test(name));
      if (zoomed) this.setZoom(this.canvas.layout);
    });
  }

  setZoom(layout) {
    const ranges = axes(layout).map((name) => [name, [...layout[name].range]]);
    this.zoom = { revision: this.revision, ranges };
    this.button.hidden = false;
  }

  // Plotly's own uirevision keeps a zoom only while the figure asks for the same ranges, and
  // those of a growing curve never stay the same.
  keepZoom(layout) {
    if (this.zoom && this.zoom.revision === this.revision) {
      for (const [name, range] of this.zoom.ranges) Object.assign(layout[name], { range });
    } else {
      this.zoom = undefined;
      this.button.hidden = true;
    }
    // Whatever Plotly remembers by itself is dropped with ours.
    layout.uirevision = `${this.revision}/${this.resets}`;
  }

  resetZoom() {
    this.zoom = undefined;
    this.resets += 1;
    this.draw();
  }

  resized() {
    if (this.canvas.clientWidth === this.width) return;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  failed(words) {
    if (this.closed || this.listening) return;
    const line = element("p", "charloom-plot-failed");
    line.textContent = words;
    this.canvas.replaceChildren(line);
  }

  close() {
    this.closed = true;
    this.observer.disconnect();
    document.removeEventListener("charloom-playhead", this.follow);
    cancelAnimationFrame(this.frame);
    // A drawing that Plotly is still at would stumble over what is gone.
    if (this.listening) Promise.resolve(this.drawn).finally(() => this.plotly.purge(this.canvas));
    this.figure.remove();
  }
}

function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

// The page's own address, whatever sub-path or page it is at: Streamlit's entry script lies in
// static/js below it.
function base() {
  const entry = document.querySelector('script[type="module"][src*="static/js/"]');
  return entry ? new URL("../../", entry.src) : new URL("./", document.baseURI);
}

function loadPlotly(path) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(path, base()).href;
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => {
      loading = undefined; // the next tick tries again
      script.remove();
      reject(new Error(`${script.src} did not load`));
    });
    document.head.append(script);
  });
  return loading;
}

function axes(layout) {
  return Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
}

// The layout in the colours and fonts of the theme, with room for the labels.
function dressed({ data, layout }, style, width) {
  const read = (name) => style.getPropertyValue(name).trim();
  const narrow = width < NARROW;
  const text = read("--st-text-color");
  const paper = read("--st-background-color");
  const line = read("--st-border-color");
  layout.font = { family: read("--st-font"), size: narrow ? 12 : 14, color: text };
  layout.paper_bgcolor = "rgba(0,0,0,0)";
  layout.plot_bgcolor = "rgba(0,0,0,0)";
  layout.hoverlabel = { bgcolor: paper, bordercolor: line, font: { color: text } };
  for (const name of axes(layout)) {
    Object.assign(layout[name], { gridcolor: line, linecolor: line, zerolinecolor: line });
  }
  if (narrow) narrowed(layout, data);
  // With a finger, a drag over the chart scrolls the page instead of zooming into it.
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;
  const backing = { bgcolor: paper, borderpad: 1 };
  layout.template = { layout: { annotationdefaults: backing } };
  return layout;
}

// On a projector all that is written grows with the page's own type, and so does the room for it.
function enlarged(layout, scale) {
  layout.font.size *= scale;
  for (const side of ["l", "r", "t", "b"]) {
    if (layout.margin?.[side] !== undefined) layout.margin[side] *= scale;
  }
  for (const { font } of layout.annotations ?? []) {
    if (font?.size) font.size *= scale;
  }
}

// On a phone the labels at the right edge sit on their lines instead of beside the plot; those
// that had to move away from a neighbour would hide the curves there and are left out. Numbers at
// the ends of bars stay beside them, so these keep their margin.
function narrowed(layout, data) {
  const keeps = data.some(({ textposition }) => textposition === "outside");
  layout.margin = { ...layout.margin, r: keeps ? layout.margin.r : 8, l: 44 };
  layout.annotations = (layout.annotations ?? []).filter(
    (label) => label.name !== "edge" || Math.abs(label.yshift) < 9,
  );
  for (const label of layout.annotations) {
    if (label.name === "edge") Object.assign(label, { xanchor: "right", font: { size: 11 } });
  }
}

// A label within the plot goes to the first place along its line where no curve runs through it:
// at the right, in the middle, at the left. Where there is none it is left out.
function keepClear(layout, traces) {
  const { margin, xaxis, yaxis, width, height } = layout;
  if (!yaxis?.range) return; // Plotly chooses the ends, so nobody knows yet where a label will be
  const wide = width - margin.l - margin.r;
  const high = height - margin.t - margin.b;
  const toAxis = yaxis.type === "log" ? Math.log10 : (value) => value;
  const [x0, x1] = xaxis.range ?? [0, Math.max(1e-9, ...traces.flatMap((trace) => trace.x ?? []))];
  const [y0, y1] = yaxis.range;
  const toX = (x) => ((x - x0) / (x1 - x0)) * wide;
  const toY = (place) => ((place - y0) / (y1 - y0)) * high;
  const curves = traces.map(({ x = [], y = [] }) => ({
    x: x.map(toX),
    y: y.map((value) => (value === null ? NaN : toY(toAxis(value)))),
  }));
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `11px ${layout.font.family}`;
  layout.annotations = layout.annotations.filter((label) => {
    if (label.name !== "edge") return true;
    const long = Math.min(1, (pen.measureText(label.text).width + 2 * CLEAR) / wide);
    const middle = toY(label.y) + label.yshift;
    const free = [1, (1 + long) / 2, long].find((end) => {
      const box = [(end - long) * wide, end * wide, middle - CLEAR, middle + CLEAR];
      return !curves.some((curve) => crosses(curve, box));
    });
    if (free !== undefined) label.x = free;
    return free !== undefined;
  });
}

// Whether a line through the points touches the box.
function crosses({ x, y }, [left, right, low, high]) {
  return x.some((to, i) => {
    const from = i > 0 && !Number.isNaN(y[i - 1]) ? i - 1 : i;
    if (Number.isNaN(y[i]) || to < left || x[from] > right) return false;
    const at = (place) => {
      const share = to === x[from] ? 1 : (place - x[from]) / (to - x[from]);
      return y[from] + share * (y[i] - y[from]);
    };
    const ends = [at(Math.max(left, x[from])), at(Math.min(right, to))];
    return Math.max(...ends) >= low && Math.min(...ends) <= high;
  });
}

function describe(place, data) {
  const summary = document.createElement("p");
  summary.textContent = data.summary;
  const table = document.createElement("table");
  const rows = JSON.parse(data.table);
  rows.forEach((cells, index) => {
    const row = table.insertRow();
    for (const cell of cells) {
      const made = document.createElement(index === 0 ? "th" : "td");
      made.textContent = cell;
      row.append(made);
    }
  });
  place.replaceChildren(summary, ...(rows.length > 0 ? [table] : []));
}
