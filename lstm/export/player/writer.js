// From logits to characters: the same dice, the same settings and the same order of arithmetic as
// lstm/sampling.py, so that the same text comes out. Knows nothing of weights or the screen.

const TOP = 12; // alternatives that are told with each character
const SNAPSHOT_EVERY = 32;
const SNAPSHOTS_KEPT = 128;

// The throw that belongs to a position: uniform in [0, 1), 53 random bits.
function dice(rng, position) {
  const start = mix(Math.imul(rng, 0x9e3779b9) + 0x85ebca6b);
  const high = mix(start + position * 2);
  const low = mix(start + position * 2 + 1);
  return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
}

function mix(value) {
  value ^= value >>> 16; // the bit operators take the value modulo 2 ** 32
  value = Math.imul(value, 0x7feb352d);
  value ^= value >>> 15;
  value = Math.imul(value, 0x846ca68b);
  return (value ^ (value >>> 16)) >>> 0;
}

function largest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

// The distribution that the next character is drawn from: temperature, top-k, top-p, min-p.
function chancesOf(logits, sample) {
  const chances = new Float64Array(logits.length);
  const best = largest(logits);
  if (sample.temperature === 0) {
    chances[best] = 1;
    return chances;
  }
  let sum = 0;
  for (let i = 0; i < chances.length; i++) {
    chances[i] = Math.exp((logits[i] - logits[best]) / sample.temperature);
    sum += chances[i];
  }
  for (let i = 0; i < chances.length; i++) chances[i] /= sum;
  return sample.top_k || sample.top_p < 1 || sample.min_p ? narrowed(chances, sample) : chances;
}

function narrowed(chances, { top_k, top_p, min_p }) {
  const ranked = chances.slice().sort().reverse(); // an array of floats is sorted by value
  let keep = top_k ? Math.min(ranked.length, top_k) : ranked.length;
  if (top_p < 1) {
    let total = 0;
    for (let i = 0; i < keep; i++) total += ranked[i];
    let sum = ranked[0];
    let enough = 1;
    while (enough < keep && sum < top_p * total) sum += ranked[enough++];
    keep = enough;
  }
  if (min_p) {
    const below = ranked.findIndex((chance) => chance < min_p * ranked[0]);
    if (below >= 0) keep = Math.min(keep, below);
  }
  return onlyLargest(chances, ranked[keep - 1], keep);
}

// The `keep` largest chances, scaled to sum to 1; of equal ones the first stay.
function onlyLargest(chances, least, keep) {
  let room = keep;
  for (const chance of chances) if (chance > least) room--;
  const left = chances.map((chance) => (chance > least || (chance === least && room-- > 0) ? chance : 0));
  let total = 0;
  for (const chance of left) total += chance;
  return left.map((chance) => chance / total);
}

// The character on which a throw falls.
function draw(chances, throwAt) {
  let total = 0;
  for (const chance of chances) total += chance;
  let sum = 0;
  for (let id = 0; id < chances.length; id++) {
    sum += chances[id];
    if (sum > throwAt * total) return id;
  }
  return chances.findLastIndex((chance) => chance > 0);
}

// The distribution at temperature 1, its logarithm to base 2, and its entropy in bits.
function plainOf(logits) {
  const plain = new Float64Array(logits.length);
  const bits = new Float64Array(logits.length);
  const highest = logits[largest(logits)];
  let total = 0;
  for (let i = 0; i < plain.length; i++) total += plain[i] = Math.exp(logits[i] - highest);
  const scale = Math.log2(total);
  let entropy = 0;
  for (let i = 0; i < plain.length; i++) {
    plain[i] /= total;
    bits[i] = (logits[i] - highest) / Math.LN2 - scale;
    entropy -= plain[i] * bits[i];
  }
  return { plain, bits, entropy };
}

// The places of the twelve largest, largest first.
function likeliest(chances, never) {
  const top = [];
  for (let id = 0; id < chances.length; id++) {
    if (id === never || (top.length === TOP && chances[id] <= chances[top[TOP - 1]])) continue;
    let at = top.length === TOP ? TOP - 1 : top.length;
    while (at > 0 && chances[id] > chances[top[at - 1]]) top[at] = top[--at];
    top[at] = id;
  }
  return top;
}

class Vocabulary {
  constructor(characters) {
    this.characters = characters;
    this.unknown = characters.at(-1) === "\ufffd" ? characters.length - 1 : null;
    this.ids = new Map(characters.map((character, id) => [character, id]));
    this.ids.delete("\ufffd");
  }

  encode(text) {
    return Array.from(text, (character) => this.ids.get(character));
  }

  // What stands before an empty opening: a line break, or else a space.
  neutral() {
    return ["\n", " "].find((sign) => this.ids.has(sign)) ?? this.characters[0];
  }

  // Replaces each character that the network does not know: by a look-alike, the other case, the
  // letter without its accent, a blank, and at last by the first known character.
  substitute(text) {
    const replaced = new Map();
    for (const character of text) {
      if (!this.ids.has(character)) replaced.set(character, this.standIn(character));
    }
    const said = Array.from(text, (character) => replaced.get(character) ?? character).join("");
    const pairs = [...replaced].sort(([a], [b]) => a.codePointAt(0) - b.codePointAt(0));
    return [said, pairs];
  }

  standIn(character) {
    const plain = Array.from(character.normalize("NFKD"))[0];
    for (const near of [character, plain]) {
      const cases = [near, near.toLowerCase(), near.toUpperCase()];
      const rows = Vocabulary.lookalikes.filter((row) => row.includes(near));
      const found = [...cases, ...rows.flatMap((row) => Array.from(row))].find((one) => this.ids.has(one));
      if (found !== undefined) return found;
    }
    return Array.from(Vocabulary.harmless).find((one) => this.ids.has(one)) ?? this.characters[0];
  }
}

// A stream of characters that can be steered, rewound and branched.
class Writer {
  constructor(network, { opening = "", rng = 1, sample = {} } = {}) {
    this.network = network;
    this.vocabulary = network.vocabulary;
    this.rng = rng;
    this.sample = { temperature: 0.8, top_k: 0, top_p: 1, min_p: 0, ...sample };
    const asked = network.lowercase ? opening.toLowerCase() : opening;
    [this.opening, this.substituted] = this.vocabulary.substitute(asked);
    this.memory = network.empty();
    this.ids = [];
    this.snapshots = [];
    for (const id of this.vocabulary.encode(this.opening || this.vocabulary.neutral())) this.read(id);
    this.remember();
  }

  get position() {
    return this.ids.length;
  }

  text(start = 0, stop = this.position) {
    return this.ids.slice(start, stop).map((id) => this.vocabulary.characters[id]).join("");
  }

  // Writes one character and returns how it came about.
  write() {
    const chances = chancesOf(this.logits, this.sample);
    return this.put(draw(chances, dice(this.rng, this.position)), chances);
  }

  // Puts a character at a position and goes on from there.
  branch(position, character) {
    this.rewind(position);
    return this.put(this.vocabulary.ids.get(character), chancesOf(this.logits, this.sample));
  }

  // Forgets everything from a position on.
  rewind(position) {
    if (position === this.position) return;
    const kept = this.ids.slice(0, position);
    while (this.snapshots.at(-1).position > position) this.snapshots.pop();
    const start = this.snapshots.at(-1);
    this.memory = start.memory.map((part) => part.slice());
    this.logits = this.network.logits(this.memory);
    this.ids = kept.slice(0, start.position);
    for (const id of kept.slice(start.position)) this.append(id);
  }

  put(id, chances) {
    const { plain, bits, entropy } = plainOf(this.logits);
    const top = likeliest(plain, this.vocabulary.unknown);
    const written = {
      position: this.position,
      character: this.vocabulary.characters[id],
      temperature: this.sample.temperature,
      chance: chances[id],
      bits: -bits[id],
      entropy,
      top: top.map((one) => this.vocabulary.characters[one]),
      before: top.map((one) => plain[one]),
      after: top.map((one) => chances[one]),
    };
    this.append(id);
    return written;
  }

  append(id) {
    this.read(id);
    this.ids.push(id);
    if (this.position % SNAPSHOT_EVERY === 0) this.remember();
  }

  read(id) {
    this.logits = this.network.step(id, this.memory);
  }

  remember() {
    this.snapshots.push({ position: this.position, memory: this.memory.map((part) => part.slice()) });
    if (this.snapshots.length > SNAPSHOTS_KEPT) this.snapshots.splice(1, 1);
  }
}
