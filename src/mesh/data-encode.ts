/**
 * Application data to bytes; the format is in data.ts.
 * @module
 */
import { MAX_BODY } from '../protocol/wire/limits.ts'
import {
  BINARY,
  EXT_BIGINT,
  EXT_BINARY,
  EXT_DATE,
  EXT_MAP,
  EXT_SET,
  EXT_UNDEFINED,
  EXT_UTF16,
  MAX_CONTAINERS,
  MAX_DEPTH,
} from './data.ts'
import { MeshError } from './errors.ts'
import { PackWriter, tooLarge } from './pack-writer.ts'

/** The class of a typed array, whatever its subclass or realm (ECMA-262 §23.2.3.38); `undefined` for anything else. */
const typedArrayClass = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get

/** A step of the path to a value: an index, a property, or what a Map or Set would be asked for it. */
type Step = number | string | { readonly method: 'keys' | 'values' | 'get'; readonly argument: unknown }

/**
 * The bytes of a value, at most 16 MiB.
 *
 * @throws MeshError `unsupported` for a function, symbol, class instance, cycle, or anything nested deeper than
 * 64, naming its path; `too-large` beyond 16 MiB or 2²⁰ containers.
 */
export function encodeData(data: unknown): Uint8Array {
  const encoder = new DataEncoder()
  encoder.value(data)
  return encoder.out.finish()
}

class DataEncoder {
  readonly out = new PackWriter()
  private containers = 0
  /** Where the value being written is: one step per container it is in. */
  private readonly path: Step[] = []
  /** The containers it is in, to see cycles. */
  private readonly ancestors: object[] = []

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.text(value)
        break
      case 'number':
        this.out.number(value)
        break
      case 'boolean':
        this.out.u8(value ? 0xc3 : 0xc2)
        break
      case 'undefined':
        this.out.extension(EXT_UNDEFINED, 1)
        this.out.u8(0)
        break
      case 'bigint':
        this.bigint(value)
        break
      case 'object':
        if (value === null) this.out.u8(0xc0)
        else this.object(value)
        break
      default:
        throw this.unsupported(`is a ${typeof value}`)
    }
  }

  private object(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (ArrayBuffer.isView(value)) this.binaryView(value)
    else if (Array.isArray(value)) this.inside(value, () => this.array(value))
    // A plain object of this or another realm: its prototype is nothing, or something that has none.
    else if (prototype === null || Object.getPrototypeOf(prototype) === null)
      this.inside(value, () => this.properties(value))
    else if (value instanceof ArrayBuffer) this.binary('ArrayBuffer', new Uint8Array(value))
    else if (prototype === Date.prototype) this.date(value as Date)
    else if (prototype === Map.prototype) this.inside(value, () => this.map(value as Map<unknown, unknown>))
    else if (prototype === Set.prototype) this.inside(value, () => this.set(value as Set<unknown>))
    else throw this.unsupported(`is an instance of ${nameOfClass(value)}`)
  }

  private inside(container: object, write: () => void): void {
    if (this.ancestors.includes(container)) throw this.unsupported('contains itself')
    if (this.ancestors.length === MAX_DEPTH) throw this.unsupported(`is nested deeper than ${MAX_DEPTH}`)
    if (++this.containers > MAX_CONTAINERS)
      throw new MeshError('too-large', `data holds more than ${MAX_CONTAINERS} arrays and objects`)
    // A getter or a proxy may send a message of its own.
    this.out.own()
    this.ancestors.push(container)
    this.path.push(0)
    write()
    this.path.pop()
    this.ancestors.pop()
  }

  private step(step: Step): void {
    this.path[this.path.length - 1] = step
  }

  private array(array: readonly unknown[]): void {
    const { length } = array
    if (length > MAX_BODY) throw tooLarge()
    this.out.header(length, 0x90, 16, 0, 0xdc)
    for (let i = 0; i < length; i++) {
      this.step(i)
      this.value(array[i])
    }
  }

  private properties(object: object): void {
    const entries = Object.keys(object)
    this.out.header(entries.length, 0x80, 16, 0, 0xde)
    for (const key of entries) {
      this.step(key)
      // The other side refuses it too: an own `__proto__` is what prototype pollution is made of.
      if (key === '__proto__') throw this.unsupported('is a key that cannot be sent')
      this.text(key)
      this.value((object as Record<string, unknown>)[key])
    }
  }

  private map(map: ReadonlyMap<unknown, unknown>): void {
    const start = this.out.openExtension(EXT_MAP)
    let i = 0
    for (const [key, value] of map) {
      this.step({ method: 'keys', argument: i })
      this.value(key)
      this.step(
        typeof key === 'string' ? { method: 'get', argument: key } : { method: 'values', argument: i },
      )
      this.value(value)
      i++
    }
    this.out.closeExtension(start)
  }

  private set(set: ReadonlySet<unknown>): void {
    const start = this.out.openExtension(EXT_SET)
    let i = 0
    for (const value of set) {
      this.step({ method: 'values', argument: i++ })
      this.value(value)
    }
    this.out.closeExtension(start)
  }

  private text(text: string): void {
    if (this.out.text(text)) return
    this.out.extension(EXT_UTF16, text.length * 2)
    const units = new DataView(new ArrayBuffer(text.length * 2))
    for (let i = 0; i < text.length; i++) units.setUint16(i * 2, text.charCodeAt(i), true)
    this.out.raw(new Uint8Array(units.buffer))
  }

  private bigint(value: bigint): void {
    const hex = (value < 0n ? -value : value).toString(16)
    if (hex.length > MAX_BODY * 2) throw tooLarge()
    const digits = value === 0n ? '' : hex.length % 2 === 1 ? `0${hex}` : hex
    const length = digits.length / 2
    this.out.extension(EXT_BIGINT, 1 + length)
    this.out.u8(value < 0n ? 1 : 0)
    for (let at = 0; at < digits.length; at += 2) this.out.u8(Number.parseInt(digits.slice(at, at + 2), 16))
  }

  private date(date: Date): void {
    this.out.extension(EXT_DATE, 8)
    this.out.f64(date.getTime())
  }

  private binaryView(view: ArrayBufferView): void {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    const name: unknown = typedArrayClass?.call(view) ?? 'DataView'
    if (name === 'Uint8Array') this.out.binary(bytes)
    else this.binary(String(name), bytes)
  }

  private binary(name: string, bytes: Uint8Array): void {
    const index = (BINARY as readonly string[]).indexOf(name)
    if (index < 0) throw this.unsupported(`is an instance of ${name}`)
    this.out.extension(EXT_BINARY + index, bytes.length)
    this.out.raw(bytes)
  }

  private unsupported(what: string): MeshError {
    let path = 'data'
    for (const step of this.path) {
      if (typeof step === 'number') path += `[${step}]`
      else if (typeof step === 'object')
        path +=
          step.method === 'get'
            ? `.get(${JSON.stringify(step.argument)})`
            : `.${step.method}()[${step.argument}]`
      else
        path += /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
    }
    return new MeshError('unsupported', `${path} ${what}`)
  }
}

function nameOfClass(value: object): string {
  const made: unknown = Reflect.get(value, 'constructor')
  return typeof made === 'function' && made.name !== '' ? made.name : 'a class'
}
