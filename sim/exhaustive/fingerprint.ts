/**
 * The identity of a state: everything that a machine holds, written down in one way and hashed. Two states with one
 * fingerprint behave alike from then on. Maps and sets are written in their own order, because machines walk them in
 * it; functions are left out, as they are the same code; what only counts for statistics or is scratch space is left out.
 * @module
 */
import { createHash } from 'node:crypto'

/** Never read to decide anything: statistics, buffers of encoders, effects of the turn before, configuration. */
const IDLE = new Set(['counters', 'drops', 'writer', 'out', 'config', 'settings', 'limits', 'stats'])

/** 128 bits of whatever is reachable from these values. */
export function fingerprint(...values: readonly unknown[]): string {
  const parts: string[] = []
  const seen = new Map<object, number>()
  for (const value of values) write(value, parts, seen)
  return createHash('sha256').update(parts.join('\n')).digest('base64').slice(0, 22)
}

function write(value: unknown, parts: string[], seen: Map<object, number>): void {
  if (typeof value !== 'object' || value === null) {
    // −0 and 0 divide differently.
    if (typeof value !== 'function')
      parts.push(Object.is(value, -0) ? '-0' : `${typeof value} ${String(value)}`)
    return
  }
  const known = seen.get(value)
  if (known !== undefined) {
    parts.push(`#${known}`)
    return
  }
  seen.set(value, seen.size)
  if (ArrayBuffer.isView(value)) {
    parts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'))
  } else if (value instanceof Map) {
    parts.push(`map ${value.size}`)
    for (const [key, entry] of value) {
      write(key, parts, seen)
      write(entry, parts, seen)
    }
  } else if (value instanceof Set || Array.isArray(value)) {
    parts.push(value instanceof Set ? `set ${value.size}` : `list ${value.length}`)
    for (const entry of value) write(entry, parts, seen)
  } else {
    parts.push('{')
    for (const key of Object.keys(value)) {
      if (IDLE.has(key)) continue
      parts.push(key)
      write((value as Record<string, unknown>)[key], parts, seen)
    }
    parts.push('}')
  }
}
