// The writing desk: answers the typewriter as the server of Charloom does, from within the page.
// What it sends and receives is described in lstm/ui/components/typewriter/protocol.py.

const BUDGET = 8; // milliseconds of writing at a time, so that the page never stutters
const LOOKED_AT = 1200; // characters at the end of the text in which a loop is looked for
const LONGEST_LOOP = 400;
const LEAST_LOOP = 100;

class Desk {
  constructor(network) {
    this.network = network;
    this.seats = new Map(); // lane -> { asked, writer }
  }

  // Writes some of what was asked for, at least one character for each lane.
  answer(request) {
    const until = performance.now() + BUDGET;
    const lanes = request.asks.map((ask) => this.begin(request, ask));
    do {
      for (const lane of lanes) if (lane.written.length < lane.count) lane.written.push(lane.writer.write());
    } while (performance.now() < until && lanes.some((lane) => lane.written.length < lane.count));
    const [{ writer }] = lanes;
    return {
      seq: request.seq,
      stream: request.stream,
      opening: writer.opening,
      substituted: writer.substituted,
      lanes: lanes.map(({ lane, written }) => packed(lane, written)),
      watch: { loop: loopOf(writer), overlap: null, copied: [], least: Infinity },
    };
  }

  begin({ opening, rng }, { lane, position, count, put, ...sample }) {
    let seat = this.seats.get(lane);
    if (!seat || position === 0 || seat.asked !== opening || seat.writer.rng !== rng) {
      seat = { asked: opening, writer: new Writer(this.network, { opening, rng }) };
      this.seats.set(lane, seat);
    }
    const { writer } = seat;
    const { temperature, top_k, top_p, min_p } = sample;
    writer.sample = { temperature, top_k, top_p, min_p };
    writer.rewind(position);
    return { lane, count: Math.max(1, count), writer, written: put ? [writer.branch(position, put)] : [] };
  }
}

function packed(lane, written) {
  const column = (name, scale) => written.map((one) => Math.round(one[name] * scale));
  return {
    lane,
    start: written[0].position,
    text: written.map((one) => one.character).join(""),
    temperature: written.map((one) => one.temperature),
    bits: column("bits", 100),
    entropy: column("entropy", 100),
    chance: column("chance", 10000),
    top: written.map((one) => one.top.join("")),
    before: written.map((one) => one.before.map((chance) => Math.round(chance * 1e6))),
    after: written.map((one) => one.after.map((chance) => Math.round(chance * 1e4))),
  };
}

// The loop that the text ends in, as [start, period, times], or null: the same passage at least
// three times without a gap, a hundred characters in all.
function loopOf(writer) {
  const { ids } = writer;
  const first = Math.max(0, ids.length - LOOKED_AT);
  for (let period = 1; period <= LONGEST_LOOP; period++) {
    let at = ids.length - 1;
    while (at - period >= first && ids[at] === ids[at - period]) at--;
    const length = ids.length - 1 - at + period;
    if (length >= Math.max(3 * period, LEAST_LOOP)) {
      return [ids.length - length, period, Math.floor(length / period)];
    }
  }
  return null;
}
