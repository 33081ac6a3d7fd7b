/**
 * What is on its way to one peer: its letters that are not settled, and the question who it is, where its
 * record is not known yet.
 * @module
 */
import type { PeerId } from '../id.ts'
import type { LinkId, RequestId } from '../input.ts'
import { type Alarmed, NO_ALARM } from './alarms.ts'
import type { Via } from './retry.ts'

/** A letter as it is handed in. */
export interface Sending {
  /** Answered by exactly one `settle`; without it the letter is settled in silence. */
  readonly request?: RequestId
  readonly to: PeerId
  /** 0: the application's data. 1 … 63: a letter of another machine. */
  readonly kind: number
  readonly body: Uint8Array
  /** Milliseconds until the letter is given up. */
  readonly timeout: number
  /**
   * Whether to wait for the receiver's receipt, and to send again until it comes. Without, a letter is `ok`
   * when it is handed over and no dead end is reported within the time of one answer.
   */
  readonly receipt: boolean
  /**
   * `mesh`: over links only. `any`: over links first, through the signaling server when no link is up or the
   * mesh says no-route or nothing. `signaling`: the other way around. Kind 0 never leaves the mesh.
   */
  readonly via: Via
  /** Not over the link to the receiver, if there is one: it is the one that is silent. */
  readonly aside?: boolean | undefined
  /** To a peer that may not be there: looked for where the ring would have it, and nowhere else (retry.ts). */
  readonly tentative?: boolean | undefined
}

/**
 * `queued`: waits for the peer's record, or for letters before it. `linked`: went as DATA to a neighbour.
 * `flying`: is out over several hops or the signaling server. `resting`: met a dead end, waits for the next attempt.
 */
export type Phase = 'queued' | 'linked' | 'flying' | 'resting' | 'settled'

/** A letter, or a whois, with what its attempts have come to. */
export interface Flight extends Alarmed {
  readonly lane: Lane
  /** `undefined`: a whois. */
  readonly sending: Sending | undefined
  /** The number of the letter among all to this peer: the same over all attempts. */
  readonly number: number
  /** When it is given up. */
  readonly until: number
  via: Via
  tentative: boolean
  phase: Phase
  attempts: number
  deadEnds: number
  firstDeadEnd: number
  sentAt: number
  /** Whose turn the latest attempt was (retry.ts). */
  turn: number
  /** A walk was spent before it had been everywhere: the next attempt is a search. */
  astray: boolean
  /** One was, or a search: dead ends may be no answer. */
  unsure: boolean
  /** How often it went as DATA over its link. */
  handed: number
  /** The link it is out on. */
  link: LinkId | undefined
  /** First hops of earlier attempts. */
  avoid: LinkId[]
  /** The ways of the last attempts, the latest last. */
  readonly ways: number[]
  /** Those of them that ended in a dead end. */
  readonly deadWays: number[]
  /** The peer has asked for this peer's record once, or sent its own newer one: an answer, and no receipt. */
  introduced: boolean
}

export interface Lane {
  readonly to: PeerId
  /** By number, ascending: everything not settled. */
  readonly flights: Map<number, Flight>
  readonly queue: Set<Flight>
  /** How many are flying or resting, and the bytes of their bodies. */
  inFlight: number
  inFlightBytes: number
  ask: Flight | undefined
  /** The turn (retry.ts) that reached the peer the last time: its letters begin with that. */
  turn: number
}

export function newLane(to: PeerId): Lane {
  return { to, flights: new Map(), queue: new Set(), inFlight: 0, inFlightBytes: 0, ask: undefined, turn: 0 }
}

export function newFlight(lane: Lane, sending: Sending | undefined, number: number, until: number): Flight {
  return {
    slot: NO_ALARM,
    lane,
    sending,
    number,
    until,
    via: sending === undefined ? 'mesh' : sending.kind === 0 ? 'mesh' : sending.via,
    tentative: sending?.tentative === true,
    phase: 'queued',
    attempts: 0,
    deadEnds: 0,
    // Doubles from the start: a field that changes from small integers to fractions costs every reader its shape.
    firstDeadEnd: Number.NEGATIVE_INFINITY,
    sentAt: Number.NEGATIVE_INFINITY,
    turn: 0,
    astray: false,
    unsure: false,
    handed: 0,
    link: undefined,
    avoid: [],
    ways: [],
    deadWays: [],
    introduced: false,
  }
}

function isAloft(phase: Phase): boolean {
  return phase === 'flying' || phase === 'resting'
}

/** Moves a letter to another phase and keeps its lane's books. */
export function enter(flight: Flight, phase: Phase): void {
  const { lane, sending } = flight
  const was = flight.phase
  flight.phase = phase
  if (sending === undefined) return
  if (isAloft(phase) !== isAloft(was)) {
    lane.inFlight += isAloft(phase) ? 1 : -1
    lane.inFlightBytes += isAloft(phase) ? sending.body.length : -sending.body.length
  }
  if (phase === 'queued') lane.queue.add(flight)
  else lane.queue.delete(flight)
}
