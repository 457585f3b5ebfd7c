// The sheet of paper: draws the shown characters of a lane as runs of equal looks, each with the
// temperature that it was drawn at, follows the end unless the reader has scrolled up, and finds
// the character below a pointer. What stands there is never drawn again while it stays.

const LONGEST_RUN = 80;
const LONGEST_PARAGRAPH = 1200;

class Sheet {
  constructor(lane, looks) {
    this.lane = lane;
    this.looks = looks; // { tint, labels }
    this.caret = make("span", { class: "caret", "aria-hidden": "true" });
    this.mark = make("span", { class: "mark", "aria-hidden": "true", hidden: true });
    this.opening = make("span", { class: "opening" });
    this.root = make("div", {
      class: "sheet",
      role: "textbox",
      "aria-readonly": "true",
      "aria-multiline": "true",
      "aria-describedby": "sheet-hint",
      tabindex: "0",
    });
    this.root.addEventListener("scroll", () => this.noticeScroll(), { passive: true });
    this.following = true;
    this.onfollow = () => {};
    this.runOf = new WeakMap(); // element -> run
    this.clear();
  }

  // ---- drawing --------------------------------------------------------------------------

  clear() {
    this.runs = [];
    this.run = null; // the last one, as long as characters may still be added to it
    this.drawn = this.lane.base;
    this.root.replaceChildren(this.mark);
    this.paragraph = this.newParagraph();
    this.paragraph.append(this.opening, this.caret);
    this.opening.hidden = this.lane.base > 0;
    this.following = true;
  }

  redraw() {
    const { following } = this;
    const top = this.root.scrollTop;
    this.clear();
    this.draw();
    if (!following) this.root.scrollTop = top;
    this.noticeScroll();
  }

  newParagraph() {
    const paragraph = make("p");
    paragraph.start = this.drawn; // position of its first character
    this.root.append(paragraph);
    paragraph.append(this.caret);
    return paragraph;
  }

  // Bring the screen to what the lane shows: draw what is new, drop what was cut.
  draw() {
    if (this.drawn > this.lane.shown) this.dropFrom(this.lane.shown);
    if (this.drawn === this.lane.shown) return;
    while (this.drawn < this.lane.shown) {
      this.drawSome(Math.min(this.lane.shown, this.paragraph.start + LONGEST_PARAGRAPH));
      if (this.drawn - this.paragraph.start >= LONGEST_PARAGRAPH) this.splitParagraph();
    }
    this.forgetOldest();
    this.follow();
  }

  // Draw up to a position or to the end of the paragraph, whichever comes first.
  drawSome(stop) {
    let pending = "";
    let record = null;
    while (this.drawn < stop && record?.character !== "\n") {
      record = this.lane.at(this.drawn);
      const look = this.look(record);
      if (!this.run || this.run.look !== look || this.run.count >= LONGEST_RUN) {
        if (pending) this.run.text.appendData(pending);
        pending = "";
        this.startRun(record, look);
      }
      pending += record.character;
      this.run.count++;
      this.drawn++;
    }
    if (pending) this.run.text.appendData(pending);
    if (record?.character === "\n") this.endParagraph();
  }

  endParagraph() {
    this.markBlank();
    this.paragraph = this.newParagraph();
    this.run = null;
  }

  // A text without line breaks would be laid out anew as a whole with every character. So it goes
  // on in another paragraph from where its last line begins, which looks the same.
  splitParagraph() {
    const end = this.drawn - 1;
    const last = this.box(end);
    let start = end;
    while (last && start > this.paragraph.start) {
      const before = this.box(start - 1);
      if (!before || before.bottom <= last.top + 2) break;
      start--;
    }
    if (start > this.paragraph.start) this.dropFrom(start);
    this.paragraph = this.newParagraph();
    this.run = null;
  }

  // An empty line between paragraphs is drawn lower than a line of text.
  markBlank() {
    this.paragraph.classList.toggle("blank", this.paragraph.textContent === "\n");
  }

  look(record) {
    const extra = (record.byHand ? " by-hand" : "") + (record.copied ? " copied" : "");
    return `${record.temperature} ${tintClass(record, this.looks.tint)}${extra}`;
  }

  startRun(record, look) {
    const text = document.createTextNode("");
    const span = make(
      "span",
      {
        class: `run${look.slice(look.indexOf(" "))}`,
        "data-t": record.temperature.toFixed(2),
        "data-from": this.drawn,
      },
      text,
    );
    this.run = { span, text, look, from: this.drawn, count: 0, paragraph: this.paragraph };
    this.runs.push(this.run);
    this.runOf.set(span, this.run);
    this.paragraph.insertBefore(span, this.caret);
  }

  dropFrom(position) {
    while (this.runs.length && this.runs.at(-1).from >= position) {
      const run = this.runs.pop();
      run.span.remove();
    }
    const last = this.runs.at(-1);
    if (last && last.from + last.count > position) {
      last.count = position - last.from;
      last.text.data = Array.from(last.text.data).slice(0, last.count).join("");
    }
    const kept = last ? last.paragraph : this.root.querySelector("p");
    while (kept.nextSibling) kept.nextSibling.remove();
    kept.append(this.caret);
    this.paragraph = kept;
    kept.classList.remove("blank");
    this.run = last ?? null;
    this.drawn = position;
    if (last && last.text.data.endsWith("\n")) this.endParagraph();
  }

  // Keep the sheet short: whole paragraphs go first, so that no line below them moves.
  forgetOldest() {
    if (this.drawn - this.lane.base <= MOST_KEPT) return;
    const least = this.drawn - MOST_KEPT * 0.8;
    const height = this.root.scrollHeight;
    let gone = 0;
    while (gone < this.runs.length && this.runs[gone].from + this.runs[gone].count <= least) gone++;
    const first = this.runs[gone]?.paragraph;
    for (const run of this.runs.splice(0, gone)) run.span.remove();
    while (first && this.root.querySelector("p") !== first) this.root.querySelector("p").remove();
    this.opening.hidden = true;
    this.lane.forget(this.runs[0].from);
    if (!this.following) this.root.scrollTop -= height - this.root.scrollHeight;
  }

  setOpening(text) {
    if (this.opening.said === text) return;
    this.opening.said = text;
    this.opening.textContent = text;
  }

  // Underline passages that stand in the training text; only what they touch is drawn again.
  setCopied(spans) {
    let first = Infinity;
    for (const [start, length] of spans) {
      for (let position = start; position < start + length; position++) {
        const record = this.lane.at(position);
        if (!record || record.copied) continue;
        record.copied = true;
        first = Math.min(first, position);
      }
    }
    if (first >= this.drawn) return;
    this.dropFrom(first);
    this.draw();
  }

  // ---- scrolling ------------------------------------------------------------------------

  follow() {
    if (this.following) this.root.scrollTop = this.root.scrollHeight;
  }

  noticeScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    const following = scrollHeight - scrollTop - clientHeight < 30;
    if (following !== this.following) {
      this.following = following;
      this.onfollow(following);
    }
  }

  jumpToEnd() {
    this.root.scrollTop = this.root.scrollHeight;
    this.noticeScroll();
  }

  // ---- finding --------------------------------------------------------------------------

  // The position of the character below a pointer, or null.
  locate(event) {
    const run = this.runOf.get(event.target);
    if (!run || !run.span.isConnected) return null;
    const { clientX: x, clientY: y } = event;
    let offset = 0;
    let position = run.from;
    for (const character of run.text.data) {
      for (const box of boxesOf(run.text, offset, character.length)) {
        const right = Math.max(box.right, box.left + 6);
        if (x >= box.left && x < right && y >= box.top && y <= box.bottom) return position;
      }
      offset += character.length;
      position++;
    }
    return null;
  }

  // The position in the line above (-1) or below (1) that is nearest to a position.
  neighbourLine(position, direction) {
    const here = this.box(position);
    if (!here) return position;
    let best = position;
    let distance = Infinity;
    let line = null;
    for (let other = position + direction; this.lane.at(other) && other < this.drawn; other += direction) {
      const box = this.box(other);
      if (!box || Math.abs(box.top - here.top) < here.height / 2) continue;
      line ??= box.top;
      if (Math.abs(box.top - line) > here.height / 2) break;
      if (Math.abs(box.left - here.left) < distance) {
        distance = Math.abs(box.left - here.left);
        best = other;
      }
    }
    return best;
  }

  box(position) {
    const run = this.runs.findLast((one) => one.from <= position);
    if (!run || position >= run.from + run.count) return null;
    const characters = Array.from(run.text.data);
    const index = position - run.from;
    const offset = characters.slice(0, index).join("").length;
    return boxesOf(run.text, offset, characters[index].length)[0] ?? null;
  }

  // Frame one character, or none.
  point(position) {
    const box = position === null ? null : this.box(position);
    this.mark.hidden = !box;
    if (!box) return;
    const sheet = this.root.getBoundingClientRect();
    this.mark.style.left = `${box.left - sheet.left + this.root.scrollLeft - this.root.clientLeft}px`;
    this.mark.style.top = `${box.top - sheet.top + this.root.scrollTop - this.root.clientTop}px`;
    this.mark.style.width = `${Math.max(box.width, 8)}px`;
    this.mark.style.height = `${box.height}px`;
    if (box.top < sheet.top) this.root.scrollTop -= sheet.top - box.top + 20;
    if (box.bottom > sheet.bottom) this.root.scrollTop += box.bottom - sheet.bottom + 20;
  }
}

// Where some UTF-16 units of a text node stand on the screen; two boxes at the end of a line.
function boxesOf(text, offset, length) {
  const range = document.createRange();
  range.setStart(text, offset);
  range.setEnd(text, offset + length);
  return [...range.getClientRects()];
}
