// The typewriter: plays the characters of its lanes at the chosen pace and asks for more before
// they run out. A visit's state outlives the view, so leaving the room and coming back goes on
// where it was.

const LOOK_AHEAD = 1.2; // seconds of writing that should always lie ready
const CHUNK = 2.5; // seconds of writing that are asked for
const DENSE = 0.4;
const COMPARED = [0.2, 0.5, 1.0, 1.2];

const visits = new Map(); // visit name -> Visit
const views = new WeakMap(); // where it is mounted -> Typewriter

class Visit {
  constructor(settings) {
    this.settings = {
      temperature: 0.7,
      top_k: 0,
      top_p: 1,
      min_p: 0,
      rng: 1,
      opening: "",
      pace: PACES[1],
      tint: "none",
      compared: [...COMPARED],
      ...settings,
    };
    this.lanes = Array.from({ length: 5 }, (_, index) => new Lane(index));
    this.wire = new Wire();
    this.stream = null;
    this.dense = false;
    this.playing = true;
    this.comparing = false;
    this.chosen = null; // { lane, position }: the character that the visitor asks about
    this.moved = new Set(); // lanes whose settings changed and that have not been asked for yet
    this.urgent = false;
    this.opening = "";
    this.substituted = [];
    this.watch = null;
    this.furthest = 0; // longest passage seen so far that stands in the training text
    this.error = "";
  }

  // Characters a second. Where a character is a word, fewer of them can be read.
  get pace() {
    return this.settings.pace * (this.dense ? DENSE : 1);
  }

  get active() {
    return this.comparing ? this.lanes.slice(1) : this.lanes.slice(0, 1);
  }

  temperatureOf(lane) {
    return lane.index ? this.settings.compared[lane.index - 1] : this.settings.temperature;
  }

  filters() {
    const { top_k, top_p, min_p } = this.settings;
    return { top_k, top_p, min_p };
  }

  // Everything from the first character on, with the settings as they are.
  restart(lanes = this.active) {
    for (const lane of lanes) lane.reset();
    this.chosen = null;
    this.watch = null;
    this.furthest = 0;
    this.playing = true;
    this.urgent = true;
    this.error = "";
  }

  // A setting was moved: what was not shown yet goes, and more is asked for from there. In the
  // middle of a drag the reply to its last step is waited for and played for a moment, so that
  // the text keeps flowing; the first and the last step act at once.
  move(lanes, settled, now) {
    const changed = lanes.filter((lane) => lane.asked !== this.wish(lane));
    for (const lane of changed) this.moved.add(lane);
    if (!changed.length || (this.wire.dragging(now) && !settled)) return;
    for (const lane of changed) lane.cut(lane.shown);
    this.urgent = true;
  }

  wish(lane) {
    return JSON.stringify([this.temperatureOf(lane), this.filters()]);
  }

  branch(lane, position, character) {
    lane.cut(position);
    lane.put = character;
    this.chosen = null;
    this.watch = null;
    this.playing = true;
    this.urgent = true;
  }

  // Ask for what is needed, if anything is and the line is free.
  ask(transmit, now) {
    if (this.error && !this.playing) return; // until the visitor says to go on
    const { pace } = this;
    const first = this.moved.size > 0 || this.urgent;
    const wanting = this.active.filter((lane) => lane.ahead < 8 + LOOK_AHEAD * pace);
    if (!this.wire.free(now, this.urgent || (!first && wanting.length > 0))) return;
    const isMove = this.moved.size > 0;
    for (const lane of this.moved) lane.cut(lane.shown);
    const lanes = this.active.filter((lane) => this.moved.has(lane) || wanting.includes(lane));
    this.moved.clear();
    this.urgent = false;
    if (!lanes.length) return;
    const count = clamp(Math.ceil(pace * CHUNK), 30, 400);
    const filters = this.filters();
    const asks = lanes.map((lane) => ({
      ...lane.ask(count),
      ...filters,
      temperature: this.temperatureOf(lane),
    }));
    const { rng, opening } = this.settings;
    for (const lane of lanes) lane.asked = this.wish(lane);
    const request = { stream: this.stream, opening, rng, asks };
    this.wire.send(transmit, request, { lanes, filters, isMove }, now);
  }

  // Take in a reply; parts for lanes that have changed in the meantime are dropped.
  receive(reply, now) {
    const pending = this.wire.settle(reply, now);
    if (!pending) return;
    this.error = reply.error ?? "";
    if (reply.error || reply.stream !== this.stream) {
      if (reply.error) this.playing = false;
      return;
    }
    for (const part of reply.lanes) {
      const lane = this.lanes[part.lane];
      if (lane && pending.versions.get(part.lane) === lane.version) lane.receive(part, pending.filters);
    }
    this.take(reply);
  }

  take(reply) {
    this.opening = reply.opening;
    this.substituted = reply.substituted;
    if (reply.watch) this.watch = reply.watch;
  }

  // Begin with another network: with the page that came along, if it is what would be asked for.
  begin(stream, reply) {
    this.stream = stream;
    this.wire.pending = null;
    this.restart(this.lanes);
    const { rng, opening, temperature } = this.settings;
    const part = reply?.lanes?.[0];
    const fits =
      reply?.seq === 0 &&
      reply.stream === stream &&
      reply.rng === rng &&
      reply.asked === opening &&
      part.temperature[0] === temperature &&
      !this.comparing;
    if (!fits) return;
    this.lanes[0].receive(part, this.filters());
    this.lanes[0].asked = this.wish(this.lanes[0]);
    this.take(reply);
    this.urgent = false;
  }
}

class Typewriter {
  constructor(parent, visit) {
    this.visit = visit;
    const { settings } = visit;
    this.looks = { tint: settings.tint, labels: {} };
    this.root = make("div", { class: "typewriter" });
    this.controls = new Controls(settings, this.handlers());
    this.odds = new Odds({});
    this.odds.onchoose = (character) => this.chooseCharacter(character);
    this.odds.onclose = () => this.choose(null);
    this.legend = new Legend();
    this.about = make("p", { class: "about" });
    this.error = make("p", { class: "error", role: "alert", hidden: true });
    this.notes = make("div", { class: "notes", "aria-live": "polite" });
    this.said = make("p", { class: "unseen", "aria-live": "polite" });
    this.sheetHint = make("p", { class: "unseen", id: "sheet-hint" });
    this.tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.toEnd = button("to-end", () => this.pages[0].sheet.jumpToEnd(), "quiet to-end");
    this.toEnd.hidden = true;
    this.pages = visit.lanes.map((lane) => this.makePage(lane));
    this.paper = make("div", { class: "paper" }, this.pages[0].root, this.toEnd);
    this.columns = make("div", { class: "columns", hidden: true }, ...this.pages.slice(1).map((page) => page.root));
    this.root.append(
      make(
        "div",
        { class: "desk" },
        this.about,
        this.paper,
        this.columns,
        this.legend.root,
        this.notes,
        this.error,
        this.controls.temperature,
        this.controls.tools,
        this.odds.root,
        this.controls.begin,
        this.controls.more,
      ),
      this.tip,
      this.said,
      this.sheetHint,
    );
    parent.append(this.root);
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.owed = 0; // characters that are due by the clock, with their fraction
    this.frameAt = null;
    this.resized = new ResizeObserver(() => {
      for (const page of this.pages) page.sheet.follow();
      this.pointAtChosen();
    });
    this.resized.observe(this.root);
    this.running = requestAnimationFrame((now) => this.frame(now));
  }

  handlers() {
    return {
      moved: (settled) => this.visit.move(this.visit.active, settled, performance.now()),
      play: () => this.togglePlay(),
      restart: () => this.restart(),
      roll: () => this.roll(),
      compare: () => this.compare(),
      tint: () => this.tint(),
      copy: () => this.copy(),
      download: () => this.download(),
    };
  }

  makePage(lane) {
    const sheet = new Sheet(lane, this.looks);
    const root = make("div", { class: "page", "data-lane": lane.index }, sheet.root);
    const page = { lane, sheet, root, temperature: null };
    if (lane.index) this.addHead(page);
    else sheet.onfollow = (following) => (this.toEnd.hidden = following);
    sheet.root.addEventListener("click", (event) => this.click(page, event));
    sheet.root.addEventListener("pointermove", (event) => this.hover(page, event));
    sheet.root.addEventListener("pointerleave", () => (this.tip.hidden = true));
    sheet.root.addEventListener("keydown", (event) => this.key(page, event));
    return page;
  }

  addHead(page) {
    const { compared } = this.visit.settings;
    const index = page.lane.index - 1;
    page.temperature = make("input", { type: "number", min: 0, max: 2, step: 0.1, "data-control": `compared-${index}` });
    page.temperature.value = compared[index];
    page.temperature.addEventListener("change", () => {
      compared[index] = clamp(Number(page.temperature.value) || 0, 0, 2);
      page.temperature.value = compared[index];
      this.visit.move([page.lane], true, performance.now());
    });
    page.name = make("span");
    page.root.prepend(make("label", { class: "column-head" }, page.name, page.temperature));
  }

  // ---- what comes from Python -------------------------------------------------------------

  update(data, transmit) {
    this.transmit = transmit;
    this.about.textContent = data.about;
    if (this.labels !== data.labels) this.setLabels(data.labels);
    this.root.dataset.theme = isDark(this.root) ? "dark" : "light";
    this.visit.dense = data.dense;
    if (data.stream !== this.visit.stream) {
      this.visit.begin(data.stream, data.reply);
      this.pages.forEach((page) => page.sheet.clear());
    } else if (data.reply) {
      this.visit.receive(data.reply, performance.now());
    }
    this.show();
  }

  setLabels(labels) {
    this.labels = labels;
    this.looks.labels = labels;
    this.controls.setLabels(labels);
    this.odds.setLabels(labels);
    this.legend.show(this.visit.settings.tint, labels);
    this.toEnd.textContent = labels.to_end;
    for (const page of this.pages) {
      const { lane, sheet } = page;
      sheet.root.setAttribute("aria-label", lane.index ? fill(labels.column, { number: lane.index }) : labels.sheet);
      if (page.name) page.name.textContent = labels.temperature;
    }
    this.sheetHint.textContent = labels.sheet_hint;
    this.noted = null;
  }

  // ---- the clock --------------------------------------------------------------------------

  frame(now) {
    this.running = requestAnimationFrame((next) => this.frame(next));
    const passed = Math.min(0.1, (now - (this.frameAt ?? now)) / 1000);
    this.frameAt = now;
    const { visit } = this;
    if (visit.playing && !visit.chosen) this.play(passed);
    visit.ask(this.transmit, now);
    this.show(now);
  }

  play(passed) {
    const { pace } = this.visit;
    this.owed += passed * pace;
    // With reduced motion the text arrives in quiet portions instead of letter by letter.
    if (this.calm.matches && this.owed < pace * 0.8) return;
    const due = Math.floor(this.owed);
    const most = Math.max(...this.visit.active.map((lane) => lane.ahead));
    for (const lane of this.visit.active) lane.shown += Math.min(due, lane.ahead);
    // What could not be shown is not owed for ever: no burst after a wait.
    this.owed = due > most ? Math.min(this.owed - most, pace * 0.15) : this.owed - due;
  }

  show(now = performance.now()) {
    const { visit, root, controls } = this;
    if (!this.labels) return;
    for (const page of this.pages) {
      if (visit.active.includes(page.lane)) page.sheet.draw();
    }
    for (const page of this.pages) page.sheet.setOpening(visit.opening);
    const lane = visit.active[0];
    root.dataset.position = lane.shown;
    root.dataset.state = this.state(now);
    root.dataset.stream = visit.stream;
    this.paper.hidden = visit.comparing;
    this.columns.hidden = !visit.comparing;
    root.classList.toggle("comparing", visit.comparing);
    this.change("playing", visit.playing && !visit.chosen, (playing) => controls.showPlaying(playing));
    this.change("comparing", visit.comparing, (comparing) => controls.showComparing(comparing));
    this.change("substituted", visit.substituted, (pairs) => controls.showReplaced(pairs));
    this.change("error", visit.error, (error) => {
      this.error.hidden = !error;
      this.error.textContent = error;
    });
    this.showOdds(now);
    this.showNotes();
  }

  // Touch the screen only where something is new.
  change(name, value, apply) {
    this.last ??= {};
    if (this.last[name] === value && this.last.labels === this.labels) return;
    if (this.last.labels !== this.labels) this.last = { labels: this.labels };
    this.last[name] = value;
    apply(value);
  }

  state(now) {
    const { visit } = this;
    if (visit.error) return "error";
    if (visit.chosen) return "choosing";
    if (!visit.playing) return "paused";
    return visit.wire.late(now) ? "waiting" : "writing";
  }

  showOdds(now) {
    const { visit } = this;
    const { chosen, settings } = visit;
    if (chosen) {
      const record = chosen.lane.at(chosen.position);
      this.odds.show(record, record.settings, true, true);
      return;
    }
    // The bars stand for the very next character; more than eight changes a second blur.
    const lane = visit.active[0];
    const record = lane.at(lane.shown);
    const writing = visit.playing;
    if (!record || (writing && now - (this.oddsAt ?? 0) < 120 && this.oddsFor === settings.temperature)) return;
    this.oddsAt = now;
    this.oddsFor = settings.temperature;
    const wanted = visit.comparing ? record.settings : settings;
    this.odds.show(record, wanted, false, !writing && !visit.comparing);
  }

  showNotes() {
    const { visit, labels } = this;
    const { shown } = visit.lanes[0];
    const notes = [];
    const seen = visit.watch && !visit.comparing;
    if (seen) {
      const { loop, overlap, copied, least } = visit.watch;
      if (loop && loop[0] + loop[1] * 2 <= shown) notes.push(["loop", fill(labels.loop, { period: loop[1] })]);
      if (overlap && overlap[0] + overlap[1] <= shown) visit.furthest = Math.max(visit.furthest, overlap[1]);
      this.markCopied(copied.filter(([start, length]) => start + length <= shown));
      if (visit.furthest) {
        const copy = visit.furthest >= least;
        notes.push([copy ? "copy" : "overlap", fill(copy ? labels.copy_found : labels.overlap, { length: visit.furthest })]);
      }
    }
    this.sayNotes(notes);
  }

  markCopied(spans) {
    const marks = spans.join(";");
    if (marks === this.marks) return;
    this.marks = marks;
    this.pages[0].sheet.setCopied(spans);
  }

  sayNotes(notes) {
    const text = notes.map((note) => note.join(":")).join("\n");
    if (text === this.noted) return;
    this.noted = text;
    this.notes.replaceChildren(
      ...notes.map(([kind, words]) => {
        const note = make("p", { class: `note ${kind}` });
        note.textContent = words;
        return note;
      }),
    );
  }

  // ---- the visitor ------------------------------------------------------------------------

  togglePlay() {
    const { visit } = this;
    if (visit.chosen) this.choose(null, true);
    else visit.playing = !visit.playing;
    if (visit.playing) visit.error = "";
  }

  restart() {
    this.visit.restart();
    for (const page of this.pages) {
      page.sheet.following = true;
      page.sheet.clear();
      page.sheet.point(null);
    }
    this.toEnd.hidden = true;
  }

  roll() {
    this.visit.settings.rng = 1 + Math.floor(Math.random() * 9999);
    this.controls.showDice();
    this.restart();
  }

  compare() {
    const { visit } = this;
    this.choose(null);
    visit.comparing = !visit.comparing;
    if (visit.comparing) this.restart();
    visit.playing = true;
  }

  tint() {
    this.looks.tint = this.visit.settings.tint;
    this.legend.show(this.looks.tint, this.labels);
    for (const page of this.pages) page.sheet.redraw();
    this.pointAtChosen();
  }

  click(page, event) {
    if (String(window.getSelection()) !== "") return; // the reader is marking text
    const position = page.sheet.locate(event);
    if (position !== null) this.choose({ lane: page.lane, position });
  }

  // Ask about one written character, or about none; the writing waits meanwhile.
  choose(chosen, play = this.visit.playing) {
    const { visit } = this;
    visit.chosen = chosen;
    visit.playing = play;
    this.pointAtChosen();
    if (!chosen || !this.labels) return;
    const record = chosen.lane.at(chosen.position);
    this.said.textContent = fill(this.labels.cost, {
      character: spoken(record.character, this.labels),
      bits: record.bits.toFixed(1),
      temperature: record.temperature.toFixed(2),
    });
  }

  pointAtChosen() {
    const { chosen } = this.visit;
    for (const page of this.pages) page.sheet.point(chosen?.lane === page.lane ? chosen.position : null);
  }

  chooseCharacter(character) {
    const { visit } = this;
    const place = visit.chosen ?? { lane: visit.active[0], position: visit.active[0].shown };
    visit.branch(place.lane, place.position, character);
    this.pointAtChosen();
    this.pages[place.lane.index].sheet.root.focus({ preventScroll: true });
  }

  key(page, event) {
    const { visit } = this;
    const { lane, sheet } = page;
    if (event.ctrlKey || event.metaKey || event.altKey || !lane.shown) return;
    const here = visit.chosen?.lane === lane ? visit.chosen.position : null;
    const last = lane.shown - 1;
    const targets = {
      ArrowLeft: () => (here === null ? last : here - 1),
      ArrowRight: () => (here === null ? last : here + 1),
      ArrowUp: () => sheet.neighbourLine(here ?? last, -1),
      ArrowDown: () => sheet.neighbourLine(here ?? last, 1),
      Home: () => lane.base,
      End: () => last,
    };
    if (event.key === "Escape" && here !== null) this.choose(null);
    else if (event.key === "Enter" && here !== null) this.odds.rows[0].root.focus();
    else if (targets[event.key]) this.choose({ lane, position: clamp(targets[event.key](), lane.base, last) });
    else return;
    event.preventDefault();
  }

  hover(page, event) {
    const position = event.pointerType === "touch" ? null : page.sheet.locate(event);
    const record = position === null ? null : page.lane.at(position);
    this.tip.hidden = !record;
    if (!record) return;
    this.tip.textContent = fill(this.labels.tip, {
      character: sign(record.character),
      bits: record.bits.toFixed(1),
      chance: percent(record.chance),
      temperature: record.temperature.toFixed(2),
    });
    const box = this.root.getBoundingClientRect();
    const left = clamp(event.clientX - box.left + 12, 0, box.width - this.tip.offsetWidth);
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${event.clientY - box.top + 18}px`;
  }

  // ---- taking the text away ---------------------------------------------------------------

  wholeText() {
    const { visit } = this;
    const texts = visit.active.map((lane) => visit.opening + lane.whole());
    if (!visit.comparing) return texts[0];
    return texts
      .map((text, i) => `${this.labels.temperature} ${visit.settings.compared[i]}\n\n${text}`)
      .join("\n\n\n");
  }

  async copy() {
    const text = this.wholeText();
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyByHand(text);
    const { copy } = this.controls;
    copy.textContent = this.labels.copied;
    setTimeout(() => (copy.textContent = this.labels.copy), 2000);
  }

  download() {
    const url = URL.createObjectURL(new Blob([this.wholeText()], { type: "text/plain;charset=utf-8" }));
    make("a", { href: url, download: "charloom.txt" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  leave() {
    cancelAnimationFrame(this.running);
    this.resized.disconnect();
    this.visit.wire.pending = null;
    this.root.remove();
  }
}

// Outside of secure contexts browsers offer nothing better.
function copyByHand(text) {
  const area = make("textarea");
  area.style.position = "fixed";
  area.style.opacity = 0;
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function isDark(element) {
  const colour = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return red * 0.3 + green * 0.6 + blue * 0.1 < 128;
}

export default function ({ data, parentElement, setStateValue }) {
  let view = views.get(parentElement);
  if (!view) {
    if (!visits.has(data.visit)) visits.set(data.visit, new Visit(data.settings));
    view = new Typewriter(parentElement, visits.get(data.visit));
    views.set(parentElement, view);
    for (const page of view.pages) page.sheet.clear();
  }
  view.update(data, (request) => setStateValue("request", request));
  return () => {
    view.leave();
    views.delete(parentElement);
  };
}
