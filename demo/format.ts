/**
 * Quantities as text: short enough for a table cell.
 * @module
 */

/** 512 B, 1.4 kB, 12 MB (powers of 1,000). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = -1
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** 12 s, 4 min, 3 h: an age in its largest unit. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
}

/** 0.4 ms, 23 ms; a dash until measured. */
export function formatRoundTrip(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '–'
  return `${milliseconds < 9.95 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
}

/** The first six and last four characters of a peer id. */
export function shortId(id: string): string {
  return `${id.slice(0, 6)}…${id.slice(-4)}`
}

/** "Ann", "Ann and Bo", "Ann, Bo and 3 others". */
export function listNames(names: readonly string[]): string {
  const [first = '', second = ''] = names
  if (names.length < 2) return first
  if (names.length === 2) return `${first} and ${second}`
  const others = names.length - 2
  return `${first}, ${second} and ${others} other${others === 1 ? '' : 's'}`
}
