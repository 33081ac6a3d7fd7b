/**
 * Plays a program: its steps with all invariants on, then the end of all faults, then the judgement.
 * @module
 */
import { Guests } from '../faults.ts'
import { InvariantViolation } from '../invariant.ts'
import type { MachineFactory } from '../machine.ts'
import { DEFAULTS, type SimOptions } from '../options.ts'
import type { Peer } from '../peer.ts'
import { World } from '../world.ts'
import { type Failure, Forgone, judge } from './judge.ts'
import type { Program, Step } from './program.ts'

const SEND_TIMEOUT = 10_000
/** Peers there may be at once: joins beyond them are left out. */
const CROWD = 120

export interface Played {
  readonly failure: Failure | undefined
  readonly world: World
}

type Mutable = { -readonly [F in keyof SimOptions]: SimOptions[F] }

export function play(program: Program, factory: MachineFactory): Played {
  const options: Mutable = { ...DEFAULTS, ...program.options }
  const world = new World(options, factory)
  const forgone = new Forgone()
  world.onDelivery = (peer, message) => forgone.note(world, peer, message)
  try {
    for (const step of program.steps) act(world, step)
    endFaults(world, options)
    return { failure: judge(world, forgone), world }
  } catch (error) {
    if (error instanceof InvariantViolation) {
      return { failure: { kind: error.invariant, detail: error.message }, world }
    }
    // What a machine throws is a bug too.
    const thrown = error instanceof Error ? error : new Error(String(error))
    return { failure: { kind: 'exception', detail: thrown.stack ?? thrown.message }, world }
  }
}

function act(world: World, { name, args }: Step): void {
  const [a = 0, b = 0, c = 0] = args
  switch (name) {
    case 'join':
      for (let i = 0; i < a; i++) {
        if (world.live().length < CROWD) world.join()
        world.advance(b)
      }
      return
    case 'guests': {
      if (a === 0) return
      const guests = new Guests(world, a / 60)
      world.advance(b)
      guests.resting = true
      return
    }
    case 'massacre': {
      const victims = Math.min(world.live().length - 1, Math.floor((world.live().length * a) / 100))
      for (const victim of world.choice.sample(world.live(), victims)) world.kill(victim)
      return
    }
    case 'churn':
      for (let i = 0; i < a; i++) {
        const goes = placed(world, i * 7)
        if (goes === undefined) return
        if (i % 2 === 0) world.kill(goes)
        else if (canAct(world, goes)) world.leave(goes)
        world.join()
      }
      return
    case 'partition': {
      const live = world.live()
      const count = Math.floor((live.length * b) / 100)
      world.partition(
        Array.from({ length: count }, (_, i) => live[(a + i) % live.length] as Peer),
        c,
      )
      return
    }
    case 'heal':
      world.heal()
      return
    case 'server-stop':
      world.server.stop()
      return
    case 'server-start':
      world.server.start(world.live())
      return
    case 'wait':
      world.advance(a)
      return
    default: {
      const peer = placed(world, a)
      if (peer !== undefined) actOf(world, peer, name, b, c)
    }
  }
}

/** The steps of one peer. */
function actOf(world: World, peer: Peer, name: Step['name'], b: number, c: number): void {
  switch (name) {
    case 'broadcast':
      for (let i = 0; i < b; i++) {
        if (canAct(world, peer)) world.broadcast(peer)
        world.advance(c)
      }
      return
    case 'send':
      for (let i = 0; i < c; i++) {
        const to = placed(world, b)
        if (to !== undefined && peer !== to && canAct(world, peer)) world.send(peer, to, SEND_TIMEOUT)
        world.advance(20)
      }
      return
    case 'kill':
      if (world.live().length > 1) world.kill(peer)
      return
    case 'leave':
      if (canAct(world, peer) && world.live().length > 1) world.leave(peer)
      return
    case 'freeze':
      world.freeze(peer, b)
      return
    case 'move':
      world.move(peer, b)
      return
    case 'mute': {
      const ends = [...peer.endpoints.values()]
      const end = ends[b % Math.max(1, ends.length)]
      if (end !== undefined) world.network.mute(end, c === 0 ? Number.POSITIVE_INFINITY : c)
      return
    }
    default:
      return
  }
}

function placed(world: World, place: number): Peer | undefined {
  const live = world.live()
  return live[place % live.length]
}

/** A frozen tab does nothing, its application neither. */
function canAct(world: World, peer: Peer): boolean {
  return peer.life === 'live' && peer.frozenUntil <= world.now
}

/** The faults of the program are over; latency, bandwidth, clocks and NATs are as they are. */
function endFaults(world: World, options: Mutable): void {
  world.heal()
  options.loss = 0
  options.duplicate = 0
  options.reorder = 0
  options.connectFailure = 0
  const thaw = Math.max(0, ...world.live().map(peer => peer.frozenUntil))
  if (thaw > world.now) world.runTo(thaw)
}
