// A text whose characters are coloured by numbers. Streamlit calls the default function again
// whenever the data or the theme changes; the same view then updates in place.

const STEP_EVERY = 250; // milliseconds between two characters of the playhead
const views = new WeakMap();

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.tell = setStateValue;
  view.update(data);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

class View {
  constructor(parent) {
    this.parent = parent;
    this.place = -1;
    this.spans = []; // for each paper, its characters
    this.root = element("div", "tinted");
    this.papers = element("div", "papers");
    this.said = element("div", "said");
    this.said.setAttribute("aria-live", "polite");
    this.root.append(this.papers, this.makeBar(), this.said);
    this.papers.addEventListener("pointerover", (event) => this.pointed(event));
    this.papers.addEventListener("click", (event) => this.clicked(event));
    this.papers.addEventListener("keydown", (event) => this.pressed(event));
    parent.append(this.root);
  }

  makeBar() {
    this.bar = element("div", "bar");
    this.player = element("span", "player");
    this.back = button(() => this.step(-1));
    this.playing = button(() => this.playOrPause());
    this.forth = button(() => this.step(1));
    this.player.append(this.back, this.playing, this.forth);
    this.png = button(() => this.save("png"));
    this.svg = button(() => this.save("svg"));
    const saves = element("span", "saves");
    saves.append(this.png, this.svg);
    this.bar.append(this.player, saves);
    return this.bar;
  }

  update(data) {
    this.words = JSON.parse(data.words);
    this.choose = data.choose;
    this.root.dataset.theme = isDark(this.root) ? "dark" : "light";
    this.name();
    if (data.drawn !== this.sent) {
      this.sent = data.drawn;
      this.drawn = JSON.parse(data.drawn);
      this.characters = Array.from(this.drawn.text);
      this.draw();
    }
    this.mark(data.chosen);
  }

  name() {
    const { words } = this;
    this.back.textContent = "◀";
    this.forth.textContent = "▶";
    this.back.setAttribute("aria-label", words.back);
    this.forth.setAttribute("aria-label", words.forth);
    this.playing.textContent = this.timer ? words.pause : words.play;
    this.png.textContent = words.png;
    this.svg.textContent = words.svg;
  }

  draw() {
    const { lanes, under } = this.drawn;
    this.player.hidden = !this.drawn.play;
    this.root.classList.toggle("choose", this.choose);
    const groups = under ? [lanes] : lanes.map((lane) => [lane]);
    this.spans = [];
    this.papers.replaceChildren(...groups.map((group) => this.paper(group, under)));
    this.papers.dataset.count = groups.length;
    if (this.place >= this.characters.length) this.place = -1;
    this.point(this.place);
  }

  paper(lanes, under) {
    const box = element("section", "lane");
    for (const lane of lanes) box.append(legend(lane, under));
    const paper = element("div", under ? "paper under" : "paper");
    paper.tabIndex = 0;
    paper.dir = "auto";
    paper.setAttribute("role", "application");
    paper.setAttribute("aria-label", `${lanes[0].title}. ${this.words.hint}`);
    const spans = this.characters.map((character, place) =>
      under ? this.stack(character, place, lanes) : tint(character, place, lanes[0]),
    );
    paper.append(...spans);
    this.spans.push(spans);
    box.append(paper);
    return box;
  }

  stack(character, place, lanes) {
    const stack = element("span", "stack");
    stack.dataset.place = place;
    const letter = element("span", "letter");
    letter.textContent = visible(character);
    stack.append(letter);
    for (const lane of lanes) stack.append(element("span", `cell ${colour(lane, place)}`));
    if (character !== "\n") return stack;
    const line = element("span", "line");
    line.append(stack, document.createElement("br"));
    return line;
  }

  pointed(event) {
    if (this.timer) return;
    const place = placeOf(event);
    if (place !== undefined) this.point(place);
  }

  clicked(event) {
    const place = placeOf(event);
    if (place === undefined) return;
    this.point(place);
    this.pick();
  }

  pressed(event) {
    const rtl = getComputedStyle(event.target).direction === "rtl" ? -1 : 1;
    const moves = { ArrowRight: rtl, ArrowLeft: -rtl, ArrowDown: 20, ArrowUp: -20 };
    if (event.key in moves) this.step(moves[event.key]);
    else if (event.key === "Home") this.point(0);
    else if (event.key === "End") this.point(this.characters.length - 1);
    else if (event.key === "Enter" || event.key === " ") this.pick();
    else return;
    event.preventDefault();
  }

  pick() {
    if (this.choose && this.place >= 0) this.tell("place", this.place);
  }

  step(by) {
    const last = this.characters.length - 1;
    this.point(Math.max(0, Math.min(last, this.place + by)));
    this.spans[0]?.[this.place]?.scrollIntoView({ block: "nearest" });
  }

  playOrPause() {
    if (this.timer) return this.stop();
    if (this.place >= this.characters.length - 1) this.point(0);
    this.timer = setInterval(() => {
      this.step(1);
      if (this.place >= this.characters.length - 1) this.stop();
    }, STEP_EVERY);
    this.name();
    return undefined;
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.name();
  }

  point(place) {
    for (const spans of this.spans) spans[this.place]?.classList.remove("here");
    this.place = place;
    for (const spans of this.spans) spans[place]?.classList.add("here");
    this.say();
    // A chart of the same text may follow the playhead.
    if (this.drawn.play && place >= 0) {
      const detail = { name: this.drawn.name, place };
      document.dispatchEvent(new CustomEvent("charloom-playhead", { detail }));
    }
  }

  mark(chosen) {
    for (const spans of this.spans) {
      spans[this.chosen]?.classList.remove("chosen");
      spans[chosen]?.classList.add("chosen");
    }
    this.chosen = chosen;
  }

  say() {
    const { told, top } = this.drawn;
    this.said.hidden = told.length === 0 && top.length === 0;
    if (this.place < 0) {
      this.said.replaceChildren(line("hint", this.words.hint));
      return;
    }
    const parts = [line("who", this.called(this.characters[this.place]))];
    for (const one of told) {
      const value = one.values[this.place];
      if (value !== null) parts.push(line("number", `${one.name} ${value.toFixed(one.digits)}`));
    }
    const expected = top[this.place] ?? [];
    if (expected.length > 0) {
      const said = expected.map(([c, share]) => `${this.called(c)} ${percent(share)}`).join("  ");
      parts.push(line("number", `${this.words.expected} ${said}`));
    }
    this.said.replaceChildren(...parts);
  }

  called(character) {
    const names = { " ": "space", "\n": "newline", "\t": "tab", "\u3000": "space" };
    return character in names ? this.words[names[character]] : character;
  }

  async save(kind) {
    const picture = drawing(this.papers, this.root);
    if (kind === "svg") {
      download(URL.createObjectURL(new Blob([picture.svg], { type: "image/svg+xml" })), this.file(kind));
      return;
    }
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture.svg)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = picture.width * 2;
    canvas.height = picture.height * 2;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => download(URL.createObjectURL(blob), this.file(kind)));
  }

  file(kind) {
    return `${this.drawn.name}.${kind}`;
  }

  close() {
    clearInterval(this.timer);
    this.root.remove();
  }
}

function tint(character, place, lane) {
  const span = element("span", colour(lane, place));
  span.dataset.place = place;
  span.textContent = character === "\n" ? "↵\n" : character;
  if (character === "\n") span.classList.add("newline");
  return span;
}

function colour(lane, place) {
  const step = lane.steps[place];
  return step === undefined || step < 0 ? "none" : `${lane.scale}-${step}`;
}

function legend(lane, under) {
  const row = element("div", "legend");
  row.append(line("title", lane.title));
  const swatches = element("span", "swatches");
  lane.legend.forEach((said, step) => {
    if (said === "" && lane.scale === "marks") return;
    const swatch = line(`swatch ${lane.scale}-${step}`, said);
    swatches.append(swatch);
  });
  if (!under || lane.legend.length > 0) row.append(swatches);
  return row;
}

function visible(character) {
  return { " ": "␣", "\u3000": "␣", "\n": "↵", "\t": "⇥" }[character] ?? character;
}

function placeOf(event) {
  const span = event.target.closest("[data-place]");
  return span ? Number(span.dataset.place) : undefined;
}

function percent(share) {
  return share >= 0.0995 ? `${Math.round(100 * share)} %` : `${(100 * share).toFixed(1)} %`;
}

// The papers as they stand there, as a picture: a rectangle and a letter for every character.
function drawing(papers, root) {
  const style = getComputedStyle(root);
  const frame = papers.getBoundingClientRect();
  const svg = svgElement("svg", { xmlns: "http://www.w3.org/2000/svg" });
  let bottom = 0;
  const shapes = [];
  for (const part of papers.querySelectorAll(".title, .swatch, .paper [class*='-'], .paper .none, .letter")) {
    for (const box of part.getClientRects()) {
      const at = { x: box.left - frame.left + 12, y: box.top - frame.top + 12 };
      const scroll = part.closest(".paper")?.scrollTop ?? 0;
      shapes.push(...shapesOf(part, { ...at, y: at.y + scroll, width: box.width, height: box.height }));
      bottom = Math.max(bottom, at.y + scroll + box.height);
      break;
    }
  }
  const size = { width: Math.ceil(frame.width + 24), height: Math.ceil(bottom + 12) };
  Object.entries(size).forEach(([name, value]) => svg.setAttribute(name, value));
  svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  const paper = style.getPropertyValue("--st-background-color").trim();
  svg.append(svgElement("rect", { ...size, fill: paper }), ...shapes);
  return { ...size, svg: new XMLSerializer().serializeToString(svg) };
}

function shapesOf(part, { x, y, width, height }) {
  const style = getComputedStyle(part);
  const shapes = [];
  if (style.backgroundColor !== "rgba(0, 0, 0, 0)") {
    shapes.push(svgElement("rect", { x, y, width, height, fill: style.backgroundColor }));
  }
  const said = part.textContent.trim();
  if (said === "" || part.classList.contains("cell")) return shapes;
  const isTitle = part.classList.contains("title");
  const text = svgElement("text", {
    x: isTitle ? x : x + width / 2,
    y: y + height * 0.76,
    "text-anchor": isTitle ? "start" : "middle",
    "font-size": style.fontSize,
    "font-weight": style.fontWeight,
    "font-family": style.fontFamily,
    fill: style.color,
  });
  text.textContent = said;
  shapes.push(text);
  return shapes;
}

function svgElement(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

function download(address, file) {
  const link = document.createElement("a");
  link.href = address;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function isDark(root) {
  const paper = getComputedStyle(root).getPropertyValue("--st-background-color").trim();
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = paper;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(probe.fillStyle.slice(at, at + 2), 16));
  return 0.3 * red + 0.6 * green + 0.1 * blue < 128;
}

function button(act) {
  const made = element("button");
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function line(className, said) {
  const made = element("span", className);
  made.textContent = said;
  return made;
}

function element(name, className = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  return made;
}
