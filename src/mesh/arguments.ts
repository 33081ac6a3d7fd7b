/**
 * Checks of what an application hands in. A wrong type is a TypeError, a value out of bounds a RangeError; both
 * name the argument and what it was.
 * @module
 */
import { isPeerId, type PeerId } from '../protocol/id.ts'
import type { Order } from '../protocol/input.ts'
import { isPattern } from '../protocol/topic.ts'
import { MAX_TOPIC } from '../protocol/wire/limits.ts'
import { utf8Encode } from '../protocol/wire/text.ts'
import { nearest } from './nearest.ts'

/** A value as an error message shows it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (value === null || ['undefined', 'boolean', 'number'].includes(typeof value)) return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return `an array of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** For a value of another type than is wanted. */
export function mistyped(wanted: string, value: unknown): TypeError {
  return new TypeError(`${wanted}, got ${shown(value)}`)
}

export function checkInteger(
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  const wanted = `${name} must be an integer from ${least} to ${most}`
  if (typeof value !== 'number') throw mistyped(wanted, value)
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${wanted}, got ${shown(value)}`)
}

export function checkMilliseconds(
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  checkNumber(name, value, least, most, ' milliseconds')
}

export function checkNumber(
  name: string,
  value: unknown,
  least: number,
  most: number,
  unit = '',
): asserts value is number {
  const wanted = `${name} must be ${least} to ${most}${unit}`
  if (typeof value !== 'number') throw mistyped(wanted, value)
  // Written so that NaN does not pass.
  if (!(value >= least && value <= most)) throw new RangeError(`${wanted}, got ${shown(value)}`)
}

/** Text of 1 … `most` bytes in UTF-8. */
export function checkText(name: string, value: unknown, most: number): asserts value is string {
  const wanted = `${name} must be text of 1 to ${most} bytes in UTF-8`
  if (typeof value !== 'string') throw mistyped(wanted, value)
  if (/\p{Surrogate}/u.test(value))
    throw new TypeError(`${name} is not well-formed text: half a surrogate pair`)
  // A text has at least as many bytes as characters: the long ones are not encoded to be measured.
  if (value === '' || value.length > most || utf8Encode(value).length > most)
    throw new RangeError(`${wanted}, got ${shown(value)}`)
}

/** One topic, not a pattern. */
export function checkTopic(value: unknown): asserts value is string {
  checkText('topic', value, MAX_TOPIC)
  if (isPattern(value)) throw new RangeError(`topic '${value}' names many topics: name one of them`)
}

/** Topics and patterns an application may be interested in: as many as a frame holds. */
const MOST_TOPICS = 64

/** Topics and patterns. */
export function checkPatterns(name: string, value: unknown): asserts value is readonly string[] {
  if (!Array.isArray(value)) throw mistyped(`${name} must be an array of topics`, value)
  if (value.length > MOST_TOPICS)
    throw new RangeError(`${name} must be at most ${MOST_TOPICS} topics, got ${value.length}`)
  for (const [i, topic] of value.entries()) checkPattern(`${name}[${i}]`, topic)
}

/** A topic, or one with `/*` behind it. */
export function checkPattern(name: string, value: unknown): asserts value is string {
  checkText(name, value, MAX_TOPIC + 2)
}

export function checkPeerId(name: string, value: unknown): asserts value is PeerId {
  if (!isPeerId(value)) {
    const wanted = `${name} must be a peer id (52 characters of lower-case base32)`
    throw mistyped(wanted, value)
  }
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw mistyped(`${name} must be a function`, value)
}

export function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw mistyped(`${name} must be true or false`, value)
}

export function checkSignal(name: string, value: unknown): asserts value is AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal))
    throw mistyped(`${name} must be an AbortSignal`, value)
}

export function checkOrder(name: string, value: unknown): asserts value is Order {
  if (!['fifo', 'causal', 'none'].includes(value as Order))
    throw mistyped(`${name} must be 'fifo', 'causal' or 'none'`, value)
}

/** An options bag: an object, with no name that is not known. */
export function checkNames(
  name: string,
  value: unknown,
  known: readonly string[],
): asserts value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw mistyped(`${name === '' ? 'options' : name} must be an object`, value)
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const prefix = name === '' ? '' : `${name}.`
    throw new TypeError(`unknown option '${prefix}${key}', did you mean '${prefix}${nearest(key, known)}'?`)
  }
}
