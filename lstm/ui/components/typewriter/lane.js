// One stream of characters: what is shown, and what was received ahead of it. Positions count
// from the first written character, the opening excluded. Knows nothing of the screen.

const MOST_KEPT = 20000; // characters that stay on the screen; older ones can only be saved
const BEFORE = 1000; // characters that a request brings along

class Lane {
  constructor(index) {
    this.index = index;
    this.reset();
  }

  reset() {
    this.records = [];
    this.base = 0; // position of the first record
    this.shown = 0;
    this.forgotten = "";
    this.put = null; // a character that the visitor has put at the end and that is on its way
    this.version = (this.version ?? 0) + 1; // a reply to an older version is refused
  }

  get end() {
    return this.base + this.records.length;
  }

  get ahead() {
    return this.end - this.shown;
  }

  at(position) {
    return this.records[position - this.base];
  }

  // Drop everything from a position on: what was not shown yet, or what a branch replaces.
  cut(position) {
    this.records.length = Math.max(0, position - this.base);
    this.shown = Math.min(this.shown, position);
    this.put = null;
    this.version++;
  }

  // Take in a part of a reply; a part that belongs elsewhere is refused.
  receive(part, filters) {
    if (part.start !== this.end) return false;
    const characters = Array.from(part.text);
    characters.forEach((character, i) => {
      this.records.push({
        character,
        temperature: part.temperature[i],
        bits: part.bits[i] / 100,
        entropy: part.entropy[i] / 100,
        chance: part.chance[i] / 10000,
        top: Array.from(part.top[i]),
        before: part.before[i],
        after: part.after[i],
        byHand: i === 0 && this.put !== null,
        copied: false,
        settings: { ...filters, temperature: part.temperature[i] },
      });
    });
    this.put = null;
    return true;
  }

  text(start, stop) {
    return this.records
      .slice(Math.max(0, start - this.base), Math.max(0, stop - this.base))
      .map((record) => record.character)
      .join("");
  }

  // What the server needs to go on behind everything that was received.
  ask(count) {
    return { lane: this.index, position: this.end, before: this.text(this.end - BEFORE, this.end), count, put: this.put };
  }

  // Everything that was shown, also what has left the screen.
  whole() {
    return this.forgotten + this.text(this.base, this.shown);
  }

  forget(position) {
    const count = position - this.base;
    if (count <= 0) return;
    this.forgotten += this.text(this.base, position);
    this.records.splice(0, count);
    this.base = position;
  }
}
