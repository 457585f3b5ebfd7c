// The network: reads the model file that lies in this page and computes one step. The arithmetic
// is that of lstm/stepper.py, which is that of torch.nn.LSTM, GRU and RNN. Knows nothing of
// dice, texts or the screen.

const GATES = { lstm: 4, gru: 3, rnn: 1 };
const NEVER = -1e30; // a logit whose chance is 0

// Reads a safetensors file: the header's length (64 bits), the header as JSON, the numbers.
function readModel(file) {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  const weights = {};
  for (const [name, tensor] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [start, stop] = tensor.data_offsets;
    weights[name] = new Float32Array(file.slice(8 + length + start, 8 + length + stop));
  }
  return { facts: JSON.parse(header.__metadata__.charloom), weights };
}

class Network {
  // `file`: ArrayBuffer with a model file whose weights are float32.
  constructor(file) {
    const { facts, weights } = readModel(file);
    const { cell, hidden_size, num_layers, embedding_size, tied } = facts.model;
    const size = facts.vocabulary.length;
    this.cell = cell;
    this.size = hidden_size;
    this.vocabulary = new Vocabulary(facts.vocabulary);
    this.lowercase = facts.lowercase;
    this.embedding = weights["model.embedding.weight"] ?? null;
    this.inputSize = embedding_size || size;
    const rows = GATES[cell] * hidden_size;
    const outputSize = tied ? embedding_size : hidden_size;
    const shapes = [[size, outputSize]];
    if (tied) shapes.push([outputSize, hidden_size]);
    for (let i = 0; i < num_layers; i++) shapes.push([rows, hidden_size], [rows, i ? hidden_size : this.inputSize]);
    this.arithmetic = new Arithmetic(shapes);
    this.layers = Array.from({ length: num_layers }, (_, index) => this.layer(weights, index, rows));
    // Tied, the output layer has the embedding's weights and reads what a projection makes of the memory.
    this.outputSize = outputSize;
    this.projection = tied ? this.scaledProjection(weights, outputSize) : null;
    this.head = new Matrix(this.arithmetic, weights[tied ? "model.embedding.weight" : "model.head.weight"], size, outputSize);
    this.headBias = weights["model.head.bias"];
    this.table = []; // what the first layer receives from each character, once it was needed
  }

  // The scale is that of TiedHead in lstm/model.py.
  scaledProjection(weights, outputSize) {
    const scaled = weights["model.head.projection.weight"].map((weight) => weight * outputSize ** -0.25);
    return new Matrix(this.arithmetic, scaled, outputSize, this.size);
  }

  layer(weights, index, rows) {
    const part = (name) => weights[`model.layers.${index}.${name}_l0`];
    const inner = part("bias_hh");
    const bias = part("bias_ih").map((value, row) => {
      // The GRU multiplies the inner bias of its candidate by a gate, so it stays apart.
      return this.cell === "gru" && row >= 2 * this.size ? value : value + inner[row];
    });
    return {
      inputs: new Matrix(this.arithmetic, part("weight_ih"), rows, index ? this.size : this.inputSize),
      recurrent: new Matrix(this.arithmetic, part("weight_hh"), rows, this.size),
      bias,
      candidateBias: inner.subarray(2 * this.size),
    };
  }

  // The empty memory: h of each layer, for the LSTM each followed by c.
  empty() {
    const parts = this.layers.length * (this.cell === "lstm" ? 2 : 1);
    return Array.from({ length: parts }, () => new Float32Array(this.size));
  }

  // Reads a character, changes the memory and returns the logits.
  step(character, memory) {
    this.layers.forEach((layer, index) => {
      const incoming = index ? this.incoming(layer, memory[this.place(index - 1)]) : this.received(character);
      this[this.cell](layer, incoming, layer.recurrent.times(memory[this.place(index)]), index, memory);
    });
    return this.logits(memory);
  }

  logits(memory) {
    let last = memory[this.place(this.layers.length - 1)];
    if (this.projection) last = this.projection.times(last).subarray(0, this.outputSize);
    const product = this.head.times(last);
    const logits = this.headBias.map((bias, id) => product[id] + bias);
    if (this.vocabulary.unknown !== null) logits[this.vocabulary.unknown] = NEVER;
    return logits;
  }

  place(layer) {
    return this.cell === "lstm" ? 2 * layer : layer;
  }

  received(character) {
    const { embedding, inputSize } = this;
    if (!this.table[character]) {
      const input = new Float32Array(inputSize);
      if (embedding) input.set(embedding.subarray(character * inputSize, (character + 1) * inputSize));
      else input[character] = 1;
      this.table[character] = this.incoming(this.layers[0], input).slice();
    }
    return this.table[character];
  }

  incoming(layer, input) {
    const product = layer.inputs.times(input);
    for (let i = 0; i < layer.bias.length; i++) product[i] += layer.bias[i];
    return product;
  }

  lstm(layer, incoming, recurrent, index, memory) {
    const { size } = this;
    const hidden = memory[2 * index];
    const cell = memory[2 * index + 1];
    for (let i = 0; i < size; i++) {
      const input = sigmoid(incoming[i] + recurrent[i]);
      const forget = sigmoid(incoming[size + i] + recurrent[size + i]);
      const candidate = Math.tanh(incoming[2 * size + i] + recurrent[2 * size + i]);
      const output = sigmoid(incoming[3 * size + i] + recurrent[3 * size + i]);
      cell[i] = cell[i] * forget + candidate * input;
      hidden[i] = output * Math.tanh(cell[i]);
    }
  }

  gru(layer, incoming, recurrent, index, memory) {
    const { size } = this;
    const hidden = memory[index];
    for (let i = 0; i < size; i++) {
      const reset = sigmoid(incoming[i] + recurrent[i]);
      const update = sigmoid(incoming[size + i] + recurrent[size + i]);
      const inner = recurrent[2 * size + i] + layer.candidateBias[i];
      const candidate = Math.tanh(incoming[2 * size + i] + reset * inner);
      hidden[i] = (hidden[i] - candidate) * update + candidate;
    }
  }

  rnn(layer, incoming, recurrent, index, memory) {
    const hidden = memory[index];
    for (let i = 0; i < hidden.length; i++) hidden[i] = Math.tanh(incoming[i] + recurrent[i]);
  }
}

function sigmoid(value) {
  return 0.5 + 0.5 * Math.tanh(0.5 * value);
}
