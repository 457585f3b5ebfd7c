// The bars: what the network holds likely for one place, before and after the temperature. As
// long as the server's numbers for a new temperature are on their way, they are estimated here.

class Odds {
  constructor(labels) {
    this.onchoose = () => {};
    this.onclose = () => {};
    this.title = make("h2", { id: "odds-title" });
    this.close = make("button", { type: "button", class: "quiet", hidden: true });
    this.close.addEventListener("click", () => this.onclose());
    this.lead = make("p", { class: "lead" });
    this.head = make("div", { class: "row head", "aria-hidden": "true" });
    this.rows = Array.from({ length: 13 }, (_, index) => this.row(index));
    this.list = make("div", { class: "rows", role: "group", "aria-labelledby": "odds-title" });
    this.list.append(...this.rows.map((row) => row.root));
    this.root = make(
      "section",
      { class: "odds", "aria-labelledby": "odds-title" },
      make("header", {}, this.title, this.close),
      this.lead,
      this.head,
      this.list,
    );
    this.keys = [make("span", { class: "key-before" }), make("span", { class: "key-after" })];
    this.unit = make("span", { class: "number" });
    const percents = make("span", { class: "number" });
    percents.textContent = "%";
    this.head.append(make("span", { class: "keys" }, ...this.keys), percents, this.unit);
    this.setLabels(labels);
  }

  row(index) {
    const root = make(index < 12 ? "button" : "div", { class: "row" });
    const row = {
      root,
      sign: make("span", { class: "sign" }),
      before: make("i", { class: "before" }),
      after: make("i", { class: "after" }),
      first: make("span", { class: "number" }),
      second: make("span", { class: "number" }),
      words: make("span", { class: "unseen" }),
      character: null,
    };
    const bars = make("span", { class: "bars" }, row.before, row.after);
    if (index < 12) {
      // A row is read out as one sentence, not as a sign and two bare numbers.
      for (const part of [row.sign, bars, row.first, row.second]) part.ariaHidden = "true";
    }
    root.append(row.sign, bars, row.first, row.second, row.words);
    if (index < 12) {
      root.type = "button";
      root.addEventListener("click", () => {
        if (row.character !== null) this.onchoose(row.character);
      });
    }
    return row;
  }

  setLabels(labels) {
    this.labels = labels;
    this.close.textContent = labels.back;
    this.keys[0].textContent = labels.key_before;
    this.keys[1].textContent = labels.key_after;
    this.said = null;
  }

  // Show the place of a record. `settings` are those at which the chances are wanted; `chosen`
  // is the record's own character if the place was written already and the visitor asks about it.
  show(record, settings, chosen, active) {
    const signature = [record, settings.temperature, settings.top_k, settings.top_p, settings.min_p, chosen, active].map(
      (part) => (typeof part === "object" ? objectNumber(part) : String(part)),
    ).join("|");
    if (signature === this.said) return;
    this.said = signature;
    const labels = this.labels;
    this.title.textContent = chosen ? labels.odds_here : labels.odds_next;
    this.close.hidden = !chosen;
    this.root.classList.toggle("chosen", Boolean(chosen));
    this.lead.textContent = chosen
      ? fill(labels.cost, {
          character: sign(record.character),
          bits: record.bits.toFixed(1),
          temperature: record.temperature.toFixed(2),
        })
      : fill(labels.expects, {
          bits: record.entropy.toFixed(1),
          among: (2 ** record.entropy).toFixed(record.entropy < 3 ? 1 : 0),
        });
    this.unit.textContent = chosen ? labels.column_cost : "%";
    this.list.setAttribute("aria-label", this.title.textContent);
    this.fillRows(record, settings, chosen, active);
  }

  fillRows(record, settings, chosen, active) {
    const before = record.before.map((millionths) => millionths / 1e6);
    const after = oddsAt(record, before, settings);
    const rest = (shares) => Math.max(0, 1 - shares.reduce((sum, share) => sum + share, 0));
    this.rows.forEach((row, index) => {
      const others = index === 12;
      const character = others ? null : record.top[index] ?? null;
      const [first, second] = others
        ? [rest(before), rest(after)]
        : [before[index] ?? 0, after[index] ?? 0];
      row.character = character;
      row.root.hidden = !others && character === null;
      row.sign.textContent = others ? this.labels.others : sign(character ?? "");
      row.before.style.width = `${first * 100}%`;
      row.after.style.width = `${second * 100}%`;
      row.first.textContent = percent(first);
      row.second.textContent = chosen ? (others ? "" : bitsOf(first)) : percent(second);
      if (others) return;
      row.root.disabled = !active;
      row.root.classList.toggle("is", Boolean(chosen) && character === record.character);
      const words = { character: spoken(character ?? "", this.labels), before: percent(first) };
      row.words.textContent = chosen
        ? fill(this.labels.row_cost, { ...words, bits: bitsOf(first) })
        : fill(this.labels.row, { ...words, after: percent(second) });
    });
  }
}

const numbers = new WeakMap();
let lastNumber = 0;

function objectNumber(object) {
  if (object === null) return "-";
  if (!numbers.has(object)) numbers.set(object, ++lastNumber);
  return numbers.get(object);
}

function bitsOf(share) {
  return share > 0 ? (-Math.log2(share)).toFixed(1) : "–";
}

// The chances of a record's likeliest characters at other settings than it was drawn at.
//
// Temperature raises every chance to 1/T. Of the characters that are not listed, only their sum
// and, from the entropy, how evenly it is spread are known: they count as m equal ones.
function oddsAt(record, before, settings) {
  const same = ["temperature", "top_k", "top_p", "min_p"].every(
    (name) => record.settings[name] === settings[name],
  );
  if (same) return record.after.map((tenThousandths) => tenThousandths / 10000);
  if (settings.temperature === 0) return before.map((_, index) => (index === 0 ? 1 : 0));
  const power = 1 / settings.temperature;
  const raised = before.map((share) => share ** power);
  const listed = before.reduce((sum, share) => sum + share, 0);
  const others = Math.max(0, 1 - listed);
  const known = before.reduce((sum, p) => sum - (p > 0 ? p * Math.log2(p) : 0), 0);
  let tail = 0;
  if (others > 1e-6) {
    const spread = Math.max(0, (record.entropy - known) / others + Math.log2(others));
    const many = 2 ** Math.min(spread, 16);
    tail = many * (others / many) ** power;
  }
  return filtered(raised, tail, settings);
}

function filtered(raised, tail, settings) {
  const total = raised.reduce((sum, share) => sum + share, tail);
  let shares = raised.map((share) => share / total);
  let keep = shares.length;
  let tailLeft = tail / total;
  if (settings.top_k && settings.top_k <= keep) [keep, tailLeft] = [settings.top_k, 0];
  if (settings.top_p < 1) {
    let sum = 0;
    const enough = shares.findIndex((share) => (sum += share) >= settings.top_p);
    if (enough >= 0 && enough < keep) [keep, tailLeft] = [enough + 1, 0];
  }
  if (settings.min_p) {
    const least = settings.min_p * shares[0];
    const below = shares.findIndex((share) => share < least);
    if (below >= 0 && below < keep) [keep, tailLeft] = [below, 0];
  }
  shares = shares.map((share, index) => (index < keep ? share : 0));
  const left = shares.reduce((sum, share) => sum + share, tailLeft);
  return shares.map((share) => share / left);
}
