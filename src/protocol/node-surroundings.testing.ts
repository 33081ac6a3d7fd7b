/**
 * What a tab of the test world sees around it: links, the hub, the clock; and the stand-in for signatures.
 * @module
 */
import { createHash } from 'node:crypto'
import { sha256 } from '../crypto/hash.ts'
import type { PeerId } from './id.ts'
import type { Input, LinkId } from './input.ts'
import type { Random } from './random.ts'
import { Packer } from './wire/packet.ts'

/** A signature that anyone can make who knows the public key, and that fits no other bytes. */
export function signature(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(key).update(bytes).digest())
}

export const SWARM = sha256(new Uint8Array([42]))
/** Whoever inputs are for. */
export interface Inhabitant {
  readonly id: PeerId
  readonly links: Map<LinkId, End>
  /** It has sent what its node did not. */
  readonly emits: boolean
  input(input: Input): unknown
}

/** One side of a link. */
export interface End {
  readonly tab: Inhabitant
  readonly link: LinkId
  readonly number: number
  readonly initiator: boolean
  readonly packer: Packer
  partner: End | undefined
  open: boolean
  closed: boolean
  /** Nothing passes it any more, either way, and nobody is told. */
  silent: boolean
}

export function newEnd(tab: Inhabitant, link: LinkId, number: number, initiator: boolean): End {
  const packer = new Packer()
  return {
    tab,
    link,
    number,
    initiator,
    packer,
    partner: undefined,
    open: false,
    closed: false,
    silent: false,
  }
}

/** What a tab sees of the world. */
export interface Surroundings {
  readonly now: number
  readonly random: Random
  readonly ends: End[]
  readonly cuts: ReadonlySet<string>
  readonly unreachable: (a: PeerId, b: PeerId) => boolean
  /** Links can look for a new path. */
  readonly restarts: boolean
  readonly options: { readonly latency: number; readonly cryptoDelay: number }
  readonly hub: {
    join(tab: Inhabitant): void
    leave(tab: Inhabitant): void
    /** It is gone without a word; nobody is told. */
    lose(tab: Inhabitant): void
    sample(tab: Inhabitant): void
    carry(to: PeerId, bytes: Uint8Array): void
  }
  after(wait: number, run: () => void): void
}
