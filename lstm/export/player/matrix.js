// Matrix times vector, the one thing that takes time here. WebAssembly computes four numbers at
// once and is about eight times as fast as the loop in plain JavaScript, which stays for browsers
// that have switched WebAssembly off. Knows nothing of networks.
//
// Rows lie in blocks of 32, and within a block column after column:
//
//     block 0:  w[0,0] w[1,0] ... w[31,0]   w[0,1] w[1,1] ... w[31,1]   ...
//     block 1:  w[32,0] ...
//
// So a step of the loop takes one number of the vector and 32 neighbours from memory, and their
// 32 sums stay in eight registers of four. Missing rows of the last block are zeros.

const BLOCK = 32;
const REGISTERS = BLOCK / 4;
const PAGE = 65536; // bytes; WebAssembly's memory comes in such pages

// Room for matrices of the given shapes ([rows, columns]), their vectors and their results.
class Arithmetic {
  constructor(shapes) {
    const bytes = shapes.reduce((sum, [rows, columns]) => sum + 4 * roomFor(rows, columns), 0);
    this.used = 0;
    this.kernel = null;
    try {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
      this.buffer = memory.buffer;
      this.kernel = new WebAssembly.Instance(new WebAssembly.Module(kernelCode()), { "": { "": memory } }).exports[""];
    } catch (error) {
      console.info(`Without WebAssembly: ${error}`);
      this.buffer = new ArrayBuffer(bytes);
    }
  }

  floats(count) {
    const floats = new Float32Array(this.buffer, this.used, count);
    this.used += 4 * count;
    return floats;
  }
}

function padded(rows) {
  return Math.ceil(rows / BLOCK) * BLOCK;
}

function roomFor(rows, columns) {
  return padded(rows) * (columns + 1) + columns + (4 - (columns % 4));
}

class Matrix {
  // `values`: row after row.
  constructor(arithmetic, values, rows, columns) {
    this.arithmetic = arithmetic;
    this.columns = columns;
    this.weights = arithmetic.floats(padded(rows) * columns);
    this.result = arithmetic.floats(padded(rows));
    this.vector = arithmetic.floats(columns + ((4 - (columns % 4)) % 4)).subarray(0, columns);
    for (let row = 0; row < rows; row++) {
      let to = (row - (row % BLOCK)) * columns + (row % BLOCK);
      for (let column = 0; column < columns; column++, to += BLOCK) {
        this.weights[to] = values[row * columns + column];
      }
    }
  }

  // Returns the product; the array is the same every time.
  times(vector) {
    const { weights, result, columns } = this;
    this.vector.set(vector);
    if (this.arithmetic.kernel) {
      const end = result.byteOffset + result.byteLength;
      this.arithmetic.kernel(weights.byteOffset, this.vector.byteOffset, result.byteOffset, end, columns);
    } else {
      multiply(weights, this.vector, result, columns);
    }
    return result;
  }
}

function multiply(weights, vector, result, columns) {
  for (let row = 0; row < result.length; row += 8) {
    let at = (row - (row % BLOCK)) * columns + (row % BLOCK);
    let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    for (let column = 0; column < columns; column++, at += BLOCK) {
      const x = vector[column];
      a += weights[at] * x;
      b += weights[at + 1] * x;
      c += weights[at + 2] * x;
      d += weights[at + 3] * x;
      e += weights[at + 4] * x;
      f += weights[at + 5] * x;
      g += weights[at + 6] * x;
      h += weights[at + 7] * x;
    }
    result[row] = a;
    result[row + 1] = b;
    result[row + 2] = c;
    result[row + 3] = d;
    result[row + 4] = e;
    result[row + 5] = f;
    result[row + 6] = g;
    result[row + 7] = h;
  }
}

// ---- the same loop as a WebAssembly module, put together byte by byte ------------------------
//
// Source of the numbers: the WebAssembly core specification 2.0, chapter 5, "Binary Format".

const I32 = 0x7f;
const V128 = 0x7b;
const [WEIGHTS, VECTOR, RESULT, END, COLUMNS, PLACE, VECTOR_END, SUMS, FACTOR] = [0, 1, 2, 3, 4, 5, 6, 7, 7 + REGISTERS];

const get = (local) => [0x20, local];
const set = (local) => [0x21, local];
const number = (value) => [0x41, ...signed(value)];
const ADD = 0x6a;
const SHIFT_LEFT = 0x74;
const BELOW = 0x49;
const simd = (code, ...rest) => [0xfd, ...unsigned(code), ...rest];
const load = (offset) => simd(0, 4, ...unsigned(offset));
const store = (offset) => simd(11, 4, ...unsigned(offset));
const SPREAD = simd(9, 2, 0); // one number from memory into all four places of a register
const ZEROS = simd(12, ...new Array(16).fill(0));
const TIMES = simd(0xe6);
const PLUS = simd(0xe4);
// Repeats the code as long as one local is below another.
const repeat = (code, local, limit) => [0x03, 0x40, ...code, ...get(local), ...get(limit), BELOW, 0x0d, 0, 0x0b];
const advance = (local, bytes) => [...get(local), ...number(bytes), ADD, ...set(local)];
const eachRegister = (code) => Array.from({ length: REGISTERS }, (_, i) => code(i)).flat();

function kernelCode() {
  const column = [
    ...get(PLACE), ...SPREAD, ...set(FACTOR),
    ...eachRegister((i) => [
      ...get(SUMS + i), ...get(WEIGHTS), ...load(16 * i), ...get(FACTOR), ...TIMES, ...PLUS, ...set(SUMS + i),
    ]),
    ...advance(WEIGHTS, 4 * BLOCK),
    ...advance(PLACE, 4),
  ];
  const block = [
    ...get(VECTOR), ...set(PLACE),
    ...eachRegister((i) => [...ZEROS, ...set(SUMS + i)]),
    ...repeat(column, PLACE, VECTOR_END),
    ...eachRegister((i) => [...get(RESULT), ...get(SUMS + i), ...store(16 * i)]),
    ...advance(RESULT, 4 * BLOCK),
  ];
  const body = [
    ...get(VECTOR), ...get(COLUMNS), ...number(2), SHIFT_LEFT, ADD, ...set(VECTOR_END),
    ...repeat(block, RESULT, END),
    0x0b,
  ];
  const locals = [2, 2, I32, 1 + REGISTERS, V128];
  const code = [...locals, ...body];
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]), // one type: five addresses to nothing
    ...section(2, [1, 0, 0, 2, 0, 1]), // the memory comes from outside
    ...section(3, [1, 0]),
    ...section(7, [1, 0, 0, 0]), // the function is the only export; its name is empty
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

function section(id, content) {
  return [id, ...unsigned(content.length), ...content];
}

// LEB128: seven bits a byte, the eighth says that more follow.
function unsigned(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value) {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)];
}
