/**
 * What sort of page a peer is: its clock, its CPU, its NAT, its honesty. Drawn once from the seed and its number.
 * @module
 */
import { Frame } from '../src/protocol/wire/frame.ts'
import { MAX_DRIFT, type SimOptions, SLOW_VERIFY, SLOWER } from './options.ts'
import { Stream } from './random.ts'

export interface Traits {
  /** Milliseconds of its clock per millisecond. */
  readonly rate: number
  /** How far its clock is ahead at the start, ms. */
  readonly skew: number
  /** Milliseconds of its CPU per signature check. */
  readonly verifyCost: number
  /** Behind a symmetric NAT: it cannot link to another such peer. */
  readonly symmetricNat: boolean
  /** It swallows what it should pass on. */
  readonly silent: boolean
  /** Its links can look for a new path. */
  readonly restarts: boolean
  /** What becomes of the packets that it relays for others; it takes circuits as anybody does. */
  readonly relaying: Relaying
}

export type Relaying = 'honest' | 'drops' | 'delays' | 'alters'

export const ORDINARY: Traits = {
  rate: 1,
  skew: 0,
  verifyCost: 0,
  symmetricNat: false,
  silent: false,
  restarts: true,
  relaying: 'honest',
}

const TAMPERING: readonly Relaying[] = ['drops', 'delays', 'alters']

export function drawTraits(index: number, options: SimOptions): Traits {
  const stream = Stream.of(options.seed, `traits ${index}`)
  const skewed = options.skew > 0
  const drift = stream.unit() * 2 - 1
  const ahead = stream.unit()
  // Every trait draws from its own place, so that one that is turned on shifts no other.
  const slow = stream.unit() < options.slowShare
  const symmetricNat = stream.unit() < options.nat
  const silent = stream.unit() < options.silent
  const restarts = stream.unit() < options.restarts
  const tampering = stream.unit() < options.tampering
  const how = TAMPERING[Math.floor(stream.unit() * TAMPERING.length)] as Relaying
  const { verifyCost } = options
  return {
    rate: skewed ? 1 + drift * MAX_DRIFT : 1,
    skew: skewed ? ahead * options.skew : 0,
    verifyCost: slow ? Math.max(SLOW_VERIFY, SLOWER * verifyCost) : verifyCost,
    symmetricNat,
    silent,
    restarts,
    relaying: silent ? 'drops' : tampering ? how : 'honest',
  }
}

/** Whether a silent peer keeps this frame to itself: a broadcast or a direct message that comes from others. */
export function swallows(frame: Uint8Array): boolean {
  const type = frame[0]
  // The second byte counts the links crossed, the one it is to be sent over included: 1 for what is its own.
  return (type === Frame.PUSH || type === Frame.ROUTED || type === Frame.BOUNCED) && (frame[1] as number) > 1
}
