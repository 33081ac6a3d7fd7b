/**
 * Bytes from the network to application data; the format is in data.ts. Hostile bytes are an outcome: nothing
 * throws, every length is checked against the bytes that are left before anything is allocated for it, and
 * nothing that comes out shares memory with what came in.
 * @module
 */
import { MAX_BODY } from '../protocol/wire/limits.ts'
import { utf8Decode } from '../protocol/wire/text.ts'
import type { Data } from './api-messages.ts'
import {
  BINARY,
  type Decoded,
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

const MALFORMED: Decoded = { kind: 'drop', reason: 'malformed' }
const TOO_LARGE: Decoded = { kind: 'drop', reason: 'too-large' }

/** The value that bytes hold, or why there is none. */
export function decodeData(bytes: Uint8Array): Decoded {
  if (bytes.length > MAX_BODY) return TOO_LARGE
  const decoder = new DataDecoder(bytes)
  const data = decoder.value(0)
  if (decoder.containers > MAX_CONTAINERS) return TOO_LARGE
  return decoder.done ? { kind: 'data', data } : MALFORMED
}

class DataDecoder {
  containers = 0
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private at = 0
  private end: number
  private ok = true

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.end = bytes.length
  }

  get done(): boolean {
    return this.ok && this.at === this.end
  }

  /** One value; after a failure `undefined`, and `ok` is false. */
  value(depth: number): Data {
    const head = this.uint(1)
    if (!this.ok) return undefined
    if (head < 0x80) return head
    if (head < 0x90) return this.object(head & 0x0f, depth)
    if (head < 0xa0) return this.array(head & 0x0f, depth)
    if (head < 0xc0) return this.text(head & 0x1f)
    if (head >= 0xe0) return head - 0x100
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.copy(this.uint(1 << (head - 0xc4)))
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.extension(this.uint(1 << (head - 0xc7)), depth)
      case 0xca:
        return this.need(4) ? this.view.getFloat32(this.at - 4) : undefined
      case 0xcb:
        return this.need(8) ? this.view.getFloat64(this.at - 8) : undefined
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.uint(1 << (head - 0xcc))
      case 0xcf:
        return this.need(8) ? this.safe(this.view.getBigUint64(this.at - 8)) : undefined
      case 0xd0:
        return this.need(1) ? this.view.getInt8(this.at - 1) : undefined
      case 0xd1:
        return this.need(2) ? this.view.getInt16(this.at - 2) : undefined
      case 0xd2:
        return this.need(4) ? this.view.getInt32(this.at - 4) : undefined
      case 0xd3:
        return this.need(8) ? this.safe(this.view.getBigInt64(this.at - 8)) : undefined
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extension(1 << (head - 0xd4), depth)
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.uint(1 << (head - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.array(this.uint(2 << (head - 0xdc)), depth)
      case 0xde:
      case 0xdf:
        return this.object(this.uint(2 << (head - 0xde)), depth)
      default:
        return this.fail()
    }
  }

  private array(length: number, depth: number): Data {
    if (!this.enter(length, depth)) return undefined
    const array: Data[] = []
    for (let i = 0; i < length && this.ok; i++) array.push(this.value(depth + 1))
    return array
  }

  private object(length: number, depth: number): Data {
    if (!this.enter(length * 2, depth)) return undefined
    const object: Record<string, Data> = {}
    for (let i = 0; i < length && this.ok; i++) {
      const key = this.value(depth + 1)
      // Setting `__proto__` would change what the object inherits from.
      if (typeof key !== 'string' || key === '__proto__') return this.fail()
      object[key] = this.value(depth + 1)
    }
    return object
  }

  private extension(length: number, depth: number): Data {
    const type = this.uint(1)
    if (!this.ok || length > this.end - this.at) return this.fail()
    if (type === EXT_MAP || type === EXT_SET) return this.collection(type, length, depth)
    const start = this.at
    this.at += length
    switch (type) {
      case EXT_UNDEFINED:
        return length === 1 && this.bytes[start] === 0 ? undefined : this.fail()
      case EXT_BIGINT:
        return this.bigint(start, length)
      case EXT_DATE:
        return length === 8 ? new Date(this.view.getFloat64(start)) : this.fail()
      case EXT_UTF16:
        return this.utf16(start, length)
      default:
        return this.binary(type - EXT_BINARY, start, length)
    }
  }

  /** A Map or Set: values up to the end of the extension. */
  private collection(type: number, length: number, depth: number): Data {
    if (!this.enter(0, depth)) return undefined
    const outer = this.end
    this.end = this.at + length
    const map = new Map<Data, Data>()
    const set = new Set<Data>()
    while (this.ok && this.at < this.end) {
      const first = this.value(depth + 1)
      if (type === EXT_MAP) map.set(first, this.value(depth + 1))
      else set.add(first)
    }
    this.end = outer
    return type === EXT_MAP ? map : set
  }

  private bigint(start: number, length: number): Data {
    const sign = this.bytes[start]
    if (length < 1 || (sign !== 0 && sign !== 1) || this.bytes[start + 1] === 0) return this.fail()
    if (length === 1) return sign === 0 ? 0n : this.fail()
    const digits: string[] = []
    for (let i = start + 1; i < start + length; i++)
      digits.push((this.bytes[i] ?? 0).toString(16).padStart(2, '0'))
    const magnitude = BigInt(`0x${digits.join('')}`)
    return sign === 1 ? -magnitude : magnitude
  }

  private utf16(start: number, length: number): Data {
    if (length % 2 !== 0) return this.fail()
    let text = ''
    for (let at = start; at < start + length; at += 2)
      text += String.fromCharCode(this.view.getUint16(at, true))
    return text
  }

  private binary(index: number, start: number, length: number): Data {
    const name = BINARY[index]
    if (name === undefined) return this.fail()
    const { buffer } = this.part(start, length)
    if (name === 'ArrayBuffer') return buffer
    // By name, because not every engine has every class (Float16Array: ES2025).
    const type: unknown = Reflect.get(globalThis, name)
    if (typeof type !== 'function') return this.fail()
    const size: unknown = Reflect.get(type, 'BYTES_PER_ELEMENT') ?? 1
    if (typeof size !== 'number' || length % size !== 0) return this.fail()
    return Reflect.construct(type, [buffer]) as ArrayBufferView
  }

  private text(length: number): Data {
    if (!this.need(length)) return undefined
    const text = utf8Decode(this.bytes.subarray(this.at - length, this.at))
    return text ?? this.fail()
  }

  private copy(length: number): Data {
    return this.need(length) ? this.part(this.at - length, length) : undefined
  }

  /** A copy in a buffer of its own: what the application keeps must not keep a packet alive, or change with it. */
  private part(start: number, length: number): Uint8Array<ArrayBuffer> {
    const part = new Uint8Array(length)
    part.set(this.bytes.subarray(start, start + length))
    return part
  }

  private safe(value: bigint): Data {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : this.fail()
  }

  /** A big-endian unsigned integer of 1, 2 or 4 bytes. */
  private uint(size: number): number {
    if (!this.need(size)) return 0
    if (size === 1) return this.view.getUint8(this.at - 1)
    return size === 2 ? this.view.getUint16(this.at - 2) : this.view.getUint32(this.at - 4)
  }

  /** Passes over `length` bytes if they are there. */
  private need(length: number): boolean {
    if (!this.ok || length > this.end - this.at) {
      this.ok = false
      return false
    }
    this.at += length
    return true
  }

  /** Whether a container may begin here: every value in it takes a byte at least. */
  private enter(values: number, depth: number): boolean {
    if (!this.ok || depth >= MAX_DEPTH || values > this.end - this.at || ++this.containers > MAX_CONTAINERS) {
      this.ok = false
      return false
    }
    return true
  }

  private fail(): undefined {
    this.ok = false
  }
}
