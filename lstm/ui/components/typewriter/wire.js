// The line to the server: one request at a time, each answered by the reply with its number.
// What a control changes goes out at once, or, while it is dragged, about ten times a second.

const DRAG_EVERY = 100; // milliseconds between two requests while a control is dragged
const PLAY_BETWEEN = 70; // of a reply is shown at least so long before the next one replaces it
const PATIENCE = 5000; // then a request is taken for lost, as when the server was restarted

class Wire {
  constructor() {
    this.seq = 0;
    this.pending = null; // { seq, versions: Map of lane index to version, filters, isMove }
    this.sentAt = -Infinity;
    this.answeredAt = -Infinity;
    this.movedAt = -Infinity;
  }

  // Whether a request may go out now.
  free(now, urgent) {
    if (this.pending && now - this.sentAt > PATIENCE) this.giveUp();
    if (this.pending) return false;
    return urgent || now >= Math.max(this.sentAt + DRAG_EVERY, this.answeredAt + PLAY_BETWEEN);
  }

  // The request is lost, and perhaps its way: ask again, and have the page drawn anew.
  giveUp() {
    this.pending = null;
    window.dispatchEvent(new Event("charloom:lost"));
  }

  // Whether a control is being moved right now: its last step is on its way or was just sent.
  dragging(now) {
    return Boolean(this.pending?.isMove) || now < this.movedAt + DRAG_EVERY;
  }

  late(now) {
    return this.pending !== null && now - this.sentAt > 1500;
  }

  send(transmit, request, { lanes, filters, isMove }, now) {
    this.seq += 1;
    this.sentAt = now;
    if (isMove) this.movedAt = now;
    const versions = new Map(lanes.map((lane) => [lane.index, lane.version]));
    this.pending = { seq: this.seq, versions, filters, isMove };
    transmit({ seq: this.seq, ...request });
  }

  // What a reply answers, or null if nobody waits for it.
  settle(reply, now) {
    if (!this.pending || reply.seq !== this.pending.seq) return null;
    const { pending } = this;
    this.pending = null;
    this.answeredAt = now;
    return pending;
  }
}
