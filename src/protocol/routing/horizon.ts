/**
 * How far each neighbour sees: the places of its neighbours' neighbours, and theirs where there is room. With it greedy
 * routing looks three or four links ahead instead of two, which is worth more the fewer links a peer has.
 *
 *     horizon = %x35 count *128( place )         ; varint, 3 bytes each: the first 24 bits of ids; the first `count` are of
 *                                                ; neighbours' neighbours, the others of peers one link further
 *
 * It is told when it has changed, {@link SETTLE} after the change and once in {@link PERIOD}, {@link BURST} in a row after
 * a quiet time: old news here costs a detour, never a letter; where half of a swarm has died it costs all of them one. Bound: {@link MAX_PLACES} per neighbour.
 * @module
 */
import { Credit } from '../credit.ts'
import type { Drop } from '../effect.ts'
import type { LinkId } from '../input.ts'
import { jitter, type Random } from '../random.ts'
import { Frame } from '../wire/frame.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { type Alarmed, Alarms, NO_ALARM } from './alarms.ts'
import type { Neighbour } from './compass.ts'
import { isSame } from './directory.ts'
import type { RoutingOutbox as Outbox } from './letter.ts'
import { PLACE_UNIT } from './sight.ts'

/** Places told to one neighbour: all within three links at 8 links a peer, within four at 5; 386 bytes. */
export const MAX_PLACES = 128
/**
 * Milliseconds for a change and what follows from it: an overlay that grows changes several links at once. Each link further takes
 * another one; docs/DECISIONS.md has what 1000 cost where half of a swarm had died.
 */
const SETTLE = 400
/**
 * Horizons on one link in a row, when it is new and after a fault that changes all of them: one for what silence shows, one for the
 * links made since, and two for those of others; 8 % of what joining costs. Then one in so many ms: in constant flux 13 bytes a second.
 */
const BURST = 4
const PERIOD = 30_000

interface Told extends Alarmed {
  readonly link: LinkId
  readonly credit: Credit
  /** What it was told last. */
  frame: Uint8Array
}

/** The horizon of who has not told any: nobody else is there. */
const NOTHING = Uint8Array.of(Frame.HORIZON, 0)
const writer = new Writer(512)

export class Horizon {
  private readonly told = new Map<LinkId, Told>()
  private readonly alarms = new Alarms<Told>()
  private readonly neighbours: ReadonlyMap<LinkId, Neighbour>
  private readonly random: Random
  private readonly self: number

  constructor(self: number, neighbours: ReadonlyMap<LinkId, Neighbour>, random: Random) {
    this.self = self
    this.neighbours = neighbours
    this.random = random
  }

  get deadline(): number {
    return this.alarms.next
  }

  linkUp(link: LinkId, now: number): void {
    const credit = new Credit(BURST, 1000 / PERIOD, now)
    this.told.set(link, { slot: NO_ALARM, link, credit, frame: NOTHING })
  }

  linkDown(link: LinkId): void {
    const told = this.told.get(link)
    if (told !== undefined) this.alarms.clear(told)
    this.told.delete(link)
  }

  clear(): void {
    this.told.clear()
    this.alarms.reset()
  }

  /** What is seen through a link has changed: the others are to hear of it. */
  changed(link: LinkId, now: number): void {
    for (const told of this.told.values()) {
      if (told.link === link || told.slot !== NO_ALARM) continue
      const due = now + told.credit.wait(1, now)
      this.alarms.set(told, due + jitter(this.random, SETTLE, 0.25))
    }
  }

  tick(now: number, out: Outbox): void {
    for (const told of this.alarms.due(now)) {
      const frame = this.write(told.link)
      if (isSame(frame, told.frame)) continue
      told.frame = frame
      told.credit.take(1, now)
      out.push({ kind: 'send', link: told.link, frame })
    }
  }

  frame(link: LinkId, reader: Reader, now: number): Drop | undefined {
    const near = reader.varint(MAX_PLACES)
    if (reader.left > 3 * MAX_PLACES) return 'too-large'
    const places = new Uint32Array(Math.ceil(reader.left / 3))
    for (let i = 0; i < places.length; i++) places[i] = reader.u8() * 65_536 + reader.u8() * 256 + reader.u8()
    if (!reader.done || near > places.length) return 'malformed'
    const neighbour = this.neighbours.get(link)
    if (neighbour === undefined) return 'unexpected'
    neighbour.far = places
    neighbour.farNear = near
    neighbour.near = places.slice(0, near).sort()
    neighbour.further = places.slice(near).sort()
    this.changed(link, now)
    return undefined
  }

  private write(link: LinkId): Uint8Array {
    const told = new Set<number>([placeUnits(this.self)])
    for (const { at } of this.neighbours.values()) told.add(placeUnits(at))
    const places: number[] = []
    const add = (place: number): void => {
      if (places.length >= MAX_PLACES || told.has(place)) return
      told.add(place)
      places.push(place)
    }
    for (const other of this.neighbours.values())
      if (other.link !== link && !other.suspect) for (const { at } of other.peers) add(placeUnits(at))
    const near = places.length
    for (const other of this.neighbours.values())
      if (other.link !== link && !other.suspect)
        for (let i = 0; i < other.farNear; i++) add(other.far[i] as number)
    writer.u8(Frame.HORIZON).varint(near)
    for (const place of places)
      writer
        .u8(place >>> 16)
        .u8((place >>> 8) & 255)
        .u8(place & 255)
    return writer.finish()
  }
}

function placeUnits(at: number): number {
  return Math.floor(at / PLACE_UNIT)
}
