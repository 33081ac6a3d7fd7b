/**
 * Room for bytes that live for a moment: views of one block of memory after the other. Asking the allocator for each
 * packet costs more than filling it. What is kept for longer has memory of its own, because a view keeps its whole block.
 * @module
 */

/** Bytes of a block: four full packets, hundreds of small ones. */
const BLOCK = 65_536
/** Engines hold so many bytes beside the view itself, without asking the allocator (V8: 64). */
const INLINE = 64
/** Larger ones get memory of their own. */
const LARGE = 8192

let block = new ArrayBuffer(0)
let used = 0

/** So many zero bytes, for a moment. */
export function momentary(length: number): Uint8Array {
  if (length <= INLINE || length > LARGE) return new Uint8Array(length)
  if (used + length > block.byteLength) {
    block = new ArrayBuffer(BLOCK)
    used = 0
  }
  const view = new Uint8Array(block, used, length)
  // The next one begins where words begin.
  used += (length + 7) & ~7
  return view
}
