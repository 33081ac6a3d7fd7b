/**
 * What goes through a mesh: data, and messages as they arrive.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'

/**
 * Anything that can be sent: what goes in comes out with the same type. Typed arrays and ArrayBuffers keep
 * their class; Dates, Maps, Sets, bigints, `undefined`, −0 and NaN survive. Functions, symbols, instances of
 * other classes, cycles, a key `__proto__`, and anything nested deeper than 64 are refused with `MeshError`
 * code `unsupported`, naming the path. Encoded it is at most 16 MiB (`too-large`).
 */
export type Data =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Date
  | ArrayBuffer
  | ArrayBufferView
  | readonly Data[]
  | { readonly [key: string]: Data }
  | ReadonlyMap<Data, Data>
  | ReadonlySet<Data>

/** A message as it arrives. */
export interface Message {
  /** Who sent it: proven by signature (broadcast) or seal (direct). */
  readonly from: PeerId
  /** What was sent. Its type is what the sender made it: check it as you would any input from outside. */
  // biome-ignore lint/suspicious/noExplicitAny: an application knows its own messages
  readonly data: any
  /** The topic of a broadcast; `undefined` for a direct message. */
  readonly topic: string | undefined
  /** Links it crossed: 1 from a neighbour. */
  readonly hops: number
}

/** A broadcast of the past, as `history()` finds it. */
export interface PastMessage {
  /** Who sent it: proven by signature. This peer's own are there too. */
  readonly from: PeerId
  /** As in {@link Message}. */
  // biome-ignore lint/suspicious/noExplicitAny: an application knows its own messages
  readonly data: any
  readonly topic: string
  /**
   * About when it was broadcast, in milliseconds since 1970 on this tab's clock, as `Date.now()` tells. Hearsay: from when it
   * reached the peer that supplied it. Within one list it never goes back, nor does the order of one sender.
   */
  readonly at: number
  /** This peer has been given it as an event, or sent it since it was opened; false for what is older than its `join()`. */
  readonly delivered: boolean
}
