// The controls: temperature, play, dice, opening, pace, tint, and what is found under "more".
// They keep no state of their own beyond what stands in them.

const PACES = [6, 25, 60, 150]; // characters a second
const TINTS = ["none", "surprise", "temperature"];
const FILTERS = [
  ["top_k", 0, 500, 1],
  ["top_p", 0.05, 1, 0.05],
  ["min_p", 0, 0.5, 0.01],
];
const MOST_OPENING = 2000;
const MOST_DICE = 4294967295;

function button(name, handler, kind = "") {
  const element = make("button", { type: "button", class: kind, "data-control": name });
  element.addEventListener("click", handler);
  return element;
}

function labelled(label, control) {
  return make("label", {}, label, control);
}

class Controls {
  constructor(settings, on) {
    this.settings = settings;
    this.on = on;
    this.texts = []; // [element, label name]: filled in by setLabels
    this.temperature = this.makeTemperature();
    this.tools = this.makeTools();
    this.begin = this.makeBegin();
    this.more = this.makeMore();
  }

  say(name, tag = "span", attributes = {}) {
    const element = make(tag, attributes);
    this.texts.push([element, name]);
    return element;
  }

  // ---- temperature ----------------------------------------------------------------------

  makeTemperature() {
    this.slider = make("input", { type: "range", id: "temperature", min: 0, max: 2, step: 0.05 });
    this.slider.value = this.settings.temperature;
    this.reading = make("output", { for: "temperature" });
    this.hint = make("p", { class: "hint" });
    this.slider.addEventListener("input", () => {
      this.settings.temperature = Number(this.slider.value);
      this.showTemperature();
      this.on.moved(false);
    });
    this.slider.addEventListener("change", () => this.on.moved(true));
    const name = this.say("temperature", "label", { for: "temperature" });
    return make(
      "div",
      { class: "temperature" },
      make("div", { class: "line" }, name, this.reading, this.hint),
      this.slider,
      make("div", { class: "ends", "aria-hidden": "true" }, this.say("end_safe"), this.say("end_wild")),
    );
  }

  showTemperature() {
    const { temperature } = this.settings;
    const limits = [0, 0.4, 0.85, 1.1, 1.5];
    const step = limits.findIndex((limit) => temperature <= limit);
    this.hint.textContent = this.labels[`hint_${step < 0 ? limits.length : step}`];
    this.reading.textContent = temperature.toFixed(2);
    this.slider.setAttribute("aria-valuetext", `${temperature.toFixed(2)}: ${this.hint.textContent}`);
    this.slider.style.setProperty("--filled", `${temperature * 50}%`);
  }

  // ---- play, dice, pace, tint -----------------------------------------------------------

  makeTools() {
    this.play = button("play", () => this.on.play(), "primary");
    this.restart = button("restart", () => this.on.restart());
    this.roll = button("roll", () => this.on.roll());
    this.compare = button("compare", () => this.on.compare());
    this.pace = make("select", { "data-control": "pace" });
    this.pace.append(...PACES.map((pace) => make("option", { value: pace })));
    this.pace.value = this.settings.pace;
    this.pace.addEventListener("change", () => (this.settings.pace = Number(this.pace.value)));
    this.tint = make("select", { "data-control": "tint" });
    this.tint.append(...TINTS.map((tint) => make("option", { value: tint })));
    this.tint.value = this.settings.tint;
    this.tint.addEventListener("change", () => {
      this.settings.tint = this.tint.value;
      this.on.tint();
    });
    this.texts.push([this.restart, "restart"], [this.roll, "roll"], [this.compare, "compare"]);
    return make(
      "div",
      { class: "tools" },
      this.play,
      this.restart,
      this.roll,
      this.compare,
      labelled(this.say("pace"), this.pace),
      labelled(this.say("tint"), this.tint),
    );
  }

  showPlaying(playing) {
    this.play.textContent = playing ? this.labels.pause : this.labels.go_on;
  }

  showComparing(comparing) {
    this.compare.setAttribute("aria-pressed", String(comparing));
  }

  // ---- opening and dice -----------------------------------------------------------------

  makeBegin() {
    this.opening = make("textarea", { rows: 1, maxlength: MOST_OPENING, "data-control": "opening" });
    this.opening.value = this.settings.opening;
    this.opening.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.opening.form.requestSubmit();
    });
    this.dice = make("input", { type: "number", min: 0, max: MOST_DICE, step: 1, inputmode: "numeric" });
    this.dice.dataset.control = "dice";
    this.dice.value = this.settings.rng;
    this.dice.addEventListener("change", () => this.takeDice());
    const go = make("button", { type: "submit", "data-control": "begin" });
    this.texts.push([go, "begin"]);
    this.replaced = make("p", { class: "replaced", "aria-live": "polite", hidden: true });
    const form = make(
      "form",
      { class: "begin", novalidate: true },
      make("label", { class: "opening-field" }, this.say("opening"), this.opening),
      go,
      make("label", { class: "dice-field" }, this.say("dice"), this.dice),
      this.replaced,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.settings.opening = Array.from(this.opening.value).slice(0, MOST_OPENING).join("");
      this.readDice();
      this.on.restart();
    });
    return form;
  }

  readDice() {
    const value = Math.trunc(Number(this.dice.value));
    const usable = this.dice.value !== "" && value >= 0 && value <= MOST_DICE;
    if (usable) this.settings.rng = value;
    this.dice.value = this.settings.rng;
    return usable;
  }

  takeDice() {
    const before = this.settings.rng;
    if (this.readDice() && this.settings.rng !== before) this.on.restart();
  }

  showDice() {
    this.dice.value = this.settings.rng;
  }

  showReplaced(pairs) {
    const shown = pairs.map(([from, to]) => `${sign(from)} → ${sign(to)}`).join(", ");
    this.replaced.hidden = !pairs.length;
    this.replaced.textContent = pairs.length ? fill(this.labels.replaced, { pairs: shown }) : "";
  }

  // ---- more -----------------------------------------------------------------------------

  makeMore() {
    const fields = FILTERS.map(([name, least, most, step]) => {
      const input = make("input", { type: "number", min: least, max: most, step, "data-control": name });
      input.value = this.settings[name];
      input.addEventListener("change", () => {
        const value = clamp(Number(input.value) || 0, least, most);
        this.settings[name] = name === "top_k" ? Math.trunc(value) : value;
        input.value = this.settings[name];
        this.on.moved(true);
      });
      return make("label", { class: "filter" }, this.say(name), input, this.say(`${name}_help`, "small"));
    });
    this.copy = button("copy", () => this.on.copy());
    this.download = button("download", () => this.on.download());
    this.texts.push([this.copy, "copy"], [this.download, "download"]);
    return make(
      "details",
      { class: "more" },
      this.say("more", "summary"),
      make("div", { class: "filters" }, ...fields),
      make("div", { class: "line" }, this.copy, this.download),
    );
  }

  setLabels(labels) {
    this.labels = labels;
    for (const [element, name] of this.texts) element.textContent = labels[name];
    for (const option of this.pace.options) {
      option.textContent = labels[`pace_${option.value}`];
    }
    for (const option of this.tint.options) option.textContent = labels[`tint_${option.value}`];
    this.showTemperature();
  }
}
