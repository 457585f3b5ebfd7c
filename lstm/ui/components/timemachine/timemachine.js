// What the network wrote after each evaluation, with a slider through them. Streamlit calls the
// default function again whenever the data changes; the same view then updates in place.

const ASK_EVERY = 120; // milliseconds between two questions while the slider is dragged
const PLAY_EVERY = 1200; // milliseconds between two evaluations while it plays
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
    this.seen = new Map(); // evaluation -> its pages, so that going back needs no server
    this.wanted = null; // the evaluation that the visitor chose; null follows the newest
    this.root = element("div", "machine");
    this.root.append(this.makeControls(), this.makePages());
    parent.append(this.root);
  }

  makeControls() {
    const row = element("div", "controls");
    this.back = this.button("◀", () => this.go(this.slider.valueAsNumber - 1));
    this.slider = element("input");
    this.slider.type = "range";
    this.slider.min = 0;
    this.slider.addEventListener("input", () => this.go(this.slider.valueAsNumber));
    this.forth = this.button("▶", () => this.go(this.slider.valueAsNumber + 1));
    this.output = element("output");
    this.newest = this.button("", () => this.go(this.stops.length - 1));
    this.play = this.button("", () => this.playOrPause());
    row.append(this.back, this.play, this.slider, this.forth, this.newest, this.output);
    return row;
  }

  makePages() {
    const holder = element("div");
    this.pages = element("div", "pages");
    this.empty = element("p", "empty");
    holder.append(this.pages, this.empty);
    return holder;
  }

  button(sign, act) {
    const made = element("button");
    made.type = "button";
    made.textContent = sign;
    made.addEventListener("click", act);
    return made;
  }

  update(data) {
    this.stops = JSON.parse(data.stops);
    this.words = JSON.parse(data.words);
    if (data.shown !== null) this.seen.set(data.shown, JSON.parse(data.pages));
    // A training that went back to an earlier state takes later evaluations away.
    if (!this.stops.some(([index]) => index === this.wanted)) this.wanted = null;
    this.draw();
  }

  go(place) {
    const last = this.stops.length - 1;
    const bounded = Math.max(0, Math.min(place, last));
    this.wanted = bounded === last ? null : this.stops[bounded][0];
    this.draw();
    this.ask();
  }

  // Offered where there are words for it.
  playOrPause() {
    if (this.playing) {
      this.stop();
      return;
    }
    if (this.slider.valueAsNumber >= this.stops.length - 1) this.go(0);
    this.playing = setInterval(() => {
      this.go(this.slider.valueAsNumber + 1);
      if (this.slider.valueAsNumber >= this.stops.length - 1) this.stop();
    }, PLAY_EVERY);
    this.name();
  }

  stop() {
    clearInterval(this.playing);
    this.playing = undefined;
    this.name();
  }

  ask() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell("index", this.wanted), ASK_EVERY);
  }

  draw() {
    const last = this.stops.length - 1;
    const found = this.stops.findIndex(([index]) => index === this.wanted);
    const place = found < 0 ? last : found;
    this.slider.max = Math.max(last, 0);
    this.slider.value = Math.max(place, 0);
    const label = place < 0 ? "" : this.stops[place][1];
    this.output.textContent = label;
    this.slider.setAttribute("aria-valuetext", label);
    this.slider.disabled = last < 1;
    this.name();
    this.back.disabled = place <= 0;
    this.forth.disabled = place >= last;
    this.newest.setAttribute("aria-pressed", String(this.wanted === null));
    this.show(place < 0 ? undefined : this.seen.get(this.stops[place][0]));
  }

  name() {
    this.slider.setAttribute("aria-label", this.words.slider);
    this.back.setAttribute("aria-label", this.words.previous);
    this.forth.setAttribute("aria-label", this.words.next);
    this.newest.textContent = this.words.newest;
    this.play.style.display = this.words.play ? "" : "none";
    this.play.disabled = this.slider.disabled;
    this.play.textContent = this.playing ? this.words.pause : this.words.play;
    this.empty.textContent = this.words.empty;
  }

  // Pages that are on their way leave the old ones standing: nothing flickers.
  show(pages) {
    this.empty.hidden = this.stops.length > 0;
    this.empty.style.display = this.stops.length > 0 ? "none" : "";
    this.pages.hidden = this.stops.length === 0;
    if (!pages || pages === this.drawn) return;
    this.drawn = pages;
    while (this.pages.children.length > pages.length) this.pages.lastChild.remove();
    while (this.pages.children.length < pages.length) this.pages.append(makePage());
    pages.forEach((page, place) => fillPage(this.pages.children[place], page));
  }

  close() {
    clearTimeout(this.timer);
    clearInterval(this.playing);
    this.root.remove();
  }
}

function makePage() {
  const page = element("section", "page");
  const paper = element("div", "paper");
  paper.tabIndex = 0; // so that the keyboard can scroll it
  paper.setAttribute("role", "region");
  paper.dir = "auto";
  paper.append(element("span", "opening"), element("span", "text"));
  page.append(element("h3"), paper);
  return page;
}

function fillPage(made, page) {
  const [title, paper] = made.children;
  title.textContent = page.title;
  paper.setAttribute("aria-label", page.title);
  paper.children[0].textContent = page.opening;
  paper.children[1].textContent = page.text;
}

function element(name, className = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  return made;
}
