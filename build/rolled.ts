/**
 * tweetnacl's unrolled functions, rolled up again: the same arithmetic in loops. What an engine gains from 256
 * multiplications written out is not worth their bytes everywhere; where it is (the rounds of Salsa20 and SHA-512),
 * the package's own text stays. The tests compare every function with the package's.
 *
 * Measured on one machine, beside the package: seals as fast, X25519 takes 1.5–2 × (1.5 ms), Ed25519 1.3 ×, which
 * only browsers without it in WebCrypto need.
 *
 * @module
 */

/** `0, 1, … 15`, each put into a text. */
const each16 = (text: (n: number) => string, between: string): string =>
  Array.from({ length: 16 }, (_, n) => text(n)).join(between)

/** nacl-fast.js with shorter functions. Lines stay lines. */
export function rollUp(code: string): string {
  let rolled = code
  for (const [head, shorter] of ROLLED) {
    const start = rolled.indexOf(`\n${head}`) + 1
    const end = rolled.indexOf('\n}', start) + 2
    if (start === 0 || end === 1) throw new Error(`no ${head}`)
    const long = rolled.slice(start, end)
    const short = shorter(long).trim()
    const lines = (text: string): number => text.split('\n').length
    rolled = rolled.slice(0, start) + short + '\n'.repeat(lines(long) - lines(short)) + rolled.slice(end)
  }
  return rolled
}

/** What stands between two texts of a function, both included or not. */
function part(text: string, from: string, to: string, andTo = ''): string {
  const start = text.indexOf(from)
  const end = text.indexOf(to, start)
  if (start < 0 || end < 0) throw new Error(`no ${from} … ${to}`)
  return text.slice(start, end) + andTo
}

/** How a function begins, and what to put in its place. */
const ROLLED: readonly [head: string, shorter: (long: string) => string][] = [
  [
    'function core_salsa20(',
    long => `
var words = new Int32Array(16);
function ld32(x, i) { return x[i] | x[i + 1] << 8 | x[i + 2] << 16 | x[i + 3] << 24; }
function st32(x, i, u) { for (var j = 0; j < 4; j++, u >>>= 8) x[i + j] = u; }
function core_salsa20(o, p, k, c) {
  for (var i = 0; i < 4; i++) {
    words[5 * i] = ld32(c, 4 * i);
    words[1 + i] = ld32(k, 4 * i);
    words[6 + i] = ld32(p, 4 * i);
    words[11 + i] = ld32(k, 16 + 4 * i);
  }
  var ${each16(n => `x${n} = words[${n}]`, ', ')}, u;
${part(long, '  for (var i = 0; i < 20;', '\n  }\n', '\n  }')}
  ${each16(n => `words[${n}] += x${n};`, ' ')}
  for (i = 0; i < 16; i++) st32(o, 4 * i, words[i]);
}`,
  ],
  // The same rounds; the words that were added at their end are taken off again.
  [
    'function core_hsalsa20(',
    () => `
function core_hsalsa20(o, p, k, c) {
  core_salsa20(new Uint8Array(64), p, k, c);
  for (var i = 0; i < 4; i++) {
    st32(o, 4 * i, words[5 * i] - ld32(c, 4 * i));
    st32(o, 16 + 4 * i, words[6 + i] - ld32(p, 4 * i));
  }
}`,
  ],
  [
    'function crypto_stream_salsa20(',
    () => `
function crypto_stream_salsa20(c, cpos, b, n, k) {
  return crypto_stream_salsa20_xor(c, cpos, new Uint8Array(b), 0, b, n, k);
}`,
  ],
  // r is kept twice, in front as its fivefold: 10 + i - j is then the place of what h[j] is multiplied with.
  [
    'var poly1305 = function(',
    () => `
function limb(m, at, i) {
  i *= 13;
  at += i >> 3;
  return (m[at] | m[at + 1] << 8 | m[at + 2] << 16) >>> (i & 7) & 8191;
}
var clamp = [8191, 8191, 7939, 8191, 255, 8190, 8191, 8065, 8191, 127];
var poly1305 = function(key) {
  this.buffer = new Uint8Array(16);
  this.r = new Uint16Array(20);
  this.h = new Uint16Array(10);
  this.pad = new Uint16Array(8);
  this.leftover = 0;
  this.fin = 0;
  for (var i = 0; i < 10; i++) this.r[i] = 5 * (this.r[10 + i] = limb(key, 0, i) & clamp[i]);
  for (i = 0; i < 8; i++) this.pad[i] = key[16 + 2 * i] | key[17 + 2 * i] << 8;
}`,
  ],
  [
    'poly1305.prototype.blocks = function(',
    () => `
poly1305.prototype.blocks = function(m, mpos, bytes) {
  var h = this.h, r = this.r, i, c, d, ${Array.from({ length: 10 }, (_, n) => `h${n}`).join(', ')};
  for (; bytes >= 16; bytes -= 16, mpos += 16) {
    ${Array.from({ length: 9 }, (_, n) => `h${n} = h[${n}] + limb(m, mpos, ${n});`).join(' ')}
    h9 = h[9] + (limb(m, mpos, 9) & 2047 | (this.fin ? 0 : 2048));
    for (c = i = 0; i < 10; i++) {
      d = c + h0 * r[10 + i] + h1 * r[9 + i] + h2 * r[8 + i] + h3 * r[7 + i] + h4 * r[6 + i];
      c = d >>> 13;
      d = (d & 8191) + h5 * r[5 + i] + h6 * r[4 + i] + h7 * r[3 + i] + h8 * r[2 + i] + h9 * r[1 + i];
      c += d >>> 13;
      h[i] = d & 8191;
    }
    c = c * 5 + h[0] | 0;
    h[0] = c & 8191;
    h[1] += c >>> 13;
  }
}`,
  ],
  [
    'poly1305.prototype.finish = function(',
    long => `${part(long, 'poly1305', '  mac[macpos+ 0]')}
  for (i = 0; i < 16; i++) mac[macpos + i] = this.h[i >> 1] >>> 8 * (i & 1);
}`,
  ],
  [
    'function M(',
    () => `
var product = new Float64Array(31);
function M(o, a, b) {
  var i, v, ${each16(n => `b${n} = b[${n}]`, ', ')};
  product.fill(0);
  for (i = 0; i < 16; i++) {
    v = a[i];
    ${each16(n => `product[i + ${n}] += v * b${n};`, ' ')}
  }
  for (i = 0; i < 15; i++) o[i] = product[i] + 38 * product[i + 16];
  o[15] = product[15];
  car25519(o);
  car25519(o);
}`,
  ],
  // The eight sums at the end of a block; the schedule is not needed any more there.
  [
    'function crypto_hashblocks_hl(',
    long => `${part(long, 'function', '\n  var ah0')}
  var ${Array.from({ length: 8 }, (_, n) => `ah${n}, al${n}`).join(', ')}, pos = 0;
  while (n >= 128) {
    ${Array.from({ length: 8 }, (_, n) => `ah${n} = hh[${n}]; al${n} = hl[${n}];`).join(' ')}
${part(long, '    for (i = 0; i < 16; i++) {\n      j = 8', '    // add\n    h = ah0;')}
    wh.set([${Array.from({ length: 8 }, (_, n) => `ah${n}`).join(', ')}]);
    wl.set([${Array.from({ length: 8 }, (_, n) => `al${n}`).join(', ')}]);
    for (j = 0; j < 8; j++) {
      h = wh[j];
      l = wl[j];
      a = l & 0xffff; b = l >>> 16;
      c = h & 0xffff; d = h >>> 16;
      h = hh[j];
      l = hl[j];
      a += l & 0xffff; b += l >>> 16;
      c += h & 0xffff; d += h >>> 16;
      b += a >>> 16;
      c += b >>> 16;
      d += c >>> 16;
      hh[j] = (c & 0xffff) | (d << 16);
      hl[j] = (a & 0xffff) | (b << 16);
    }
    pos += 128;
    n -= 128;
  }
  return n;
}`,
  ],
]
