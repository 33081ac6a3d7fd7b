/**
 * Reads the fields of one JSON message by hand. Like the wire's reader it never throws: the first field that
 * does not fit is named in `problem`, and every later read returns an empty value. Only own properties count,
 * so `__proto__` and `constructor` are names like any other. Fields nobody asks for are ignored: a newer
 * sender may add some.
 * @module
 */
import { isPeerId, type PeerId } from '../protocol/id.ts'
import { byteLengthOfBase64 } from './base64.ts'

export class Fields {
  /** The first field that did not fit, in words; empty when all did. */
  problem = ''
  private readonly object: object

  constructor(object: object) {
    this.object = object
  }

  get ok(): boolean {
    return this.problem === ''
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object, name)
  }

  value(name: string): unknown {
    return Object.getOwnPropertyDescriptor(this.object, name)?.value
  }

  text(name: string, maxChars: number): string {
    const value = this.value(name)
    if (typeof value === 'string' && value.length <= maxChars) return value
    return this.fail(`${name} must be a string of at most ${maxChars} characters`, '')
  }

  /** A short machine-readable word: lower-case letters and hyphens. */
  code(name: string): string {
    const value = this.text(name, 64)
    return /^[a-z][a-z-]*$/.test(value) ? value : this.fail(`${name} must be a lower-case code`, '')
  }

  /** 32 bytes as 52 characters of lower-case base32: a peer id. */
  id(name: string): PeerId {
    const value = this.value(name)
    return isPeerId(value)
      ? value
      : this.fail(`${name} must be 52 characters of lower-case base32`, '' as PeerId)
  }

  /** Base64 of `min` … `max` bytes, as text. */
  base64(name: string, min: number, max: number): string {
    const value = this.value(name)
    if (typeof value === 'string' && value.length <= Math.ceil(max / 3) * 4) {
      const bytes = byteLengthOfBase64(value)
      if (bytes !== undefined && bytes >= min && bytes <= max) return value
    }
    const size = min === max ? `${min}` : `${min} to ${max}`
    return this.fail(`${name} must be base64 of ${size} bytes`, '')
  }

  /** An integer of 0 … `max`. */
  integer(name: string, max: number): number {
    const value = this.value(name)
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value
    return this.fail(`${name} must be an integer from 0 to ${max}`, 0)
  }

  /** A boolean; absent means false. */
  flag(name: string): boolean {
    if (!this.has(name)) return false
    const value = this.value(name)
    return typeof value === 'boolean' ? value : this.fail(`${name} must be true or false`, false)
  }

  /** An array of at most `max` objects, each read by `read`; its problem becomes this one's. */
  list<T>(name: string, max: number, read: (fields: Fields) => T): T[] {
    const value = this.value(name)
    if (!Array.isArray(value) || value.length > max) {
      return this.fail(`${name} must be an array of at most ${max} entries`, [])
    }
    const entries: T[] = []
    for (const entry of value as unknown[]) {
      const fields = asFields(entry)
      if (fields === undefined) return this.fail(`${name} must hold objects`, [])
      entries.push(read(fields))
      if (!fields.ok) return this.fail(`${name}: ${fields.problem}`, [])
    }
    return entries
  }

  private fail<T>(problem: string, empty: T): T {
    if (this.problem === '') this.problem = problem
    return empty
  }
}

/** The fields of a JSON object; `undefined` for anything else. */
export function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Fields(value) : undefined
}
