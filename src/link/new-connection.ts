/**
 * Chromium lets a page have 500 connections and counts those that are closed but not collected yet; as they
 * weigh nothing in JavaScript's heap, a page of little else can dial 500 times before a collection happens, and
 * then dials in vain. Large buffers count as pressure, untouched as they are, and bring the collection about:
 * of dials after the 500th, one is refused and the next opens (measured; without this, none does).
 * @module
 */

/** 8 × 64 MiB, never written to, so that no memory is used. They must live for a moment: half as many were not enough at once. */
const PRESSURE = { buffers: 8, bytes: 64 * 1024 * 1024, lifetime: 20 } as const

/** A connection, or `undefined` where the page has too many: later ones have a chance again. */
export function newConnection(config: RTCConfiguration): RTCPeerConnection | undefined {
  try {
    return new RTCPeerConnection(config)
  } catch {
    provokeCollection()
    return undefined
  }
}

function provokeCollection(): void {
  const held: ArrayBuffer[] = []
  try {
    while (held.length < PRESSURE.buffers) held.push(new ArrayBuffer(PRESSURE.bytes))
  } catch {
    // Too little memory: that is pressure as well.
  }
  setTimeout(() => {
    held.length = 0
  }, PRESSURE.lifetime)
}
