import { describe, expect, it } from 'vitest'
import { idFromBytes, type PeerId } from '../id.ts'
import { chooseEviction, degreeFloor, isNearer, isRingOf, mostNeeded, ringOf, type Slot } from './slot.ts'
import { Slots } from './slots.ts'

/** An id whose first byte says where on the ring it stands. */
const at = (first: number): PeerId => idFromBytes(new Uint8Array(32).fill(0).with(0, first))

function slot(first: number, more: Partial<Slot> = {}): Slot {
  return {
    peer: at(first),
    session: 0,
    link: first,
    phase: 'up',
    ring: false,
    needed: false,
    outgoing: true,
    deadline: 0,
    since: 0,
    suspect: false,
    relayed: false,
    carrier: undefined,
    again: undefined,
    next: undefined,
    tryAt: Number.POSITIVE_INFINITY,
    tryIn: 0,
    retired: false,
    road: 'mesh',
    sought: false,
    doubtful: false,
    renewUntil: 0,
    restarts: false,
    aside: false,
    signaled: false,
    via: 'mesh',
    hearsayAt: 0,
    neighbours: undefined,
    ...more,
  }
}

const rich = (...firsts: number[]) => new Set(firsts.map(at))

describe('the ring', () => {
  it('is the nearest on each side, around the zero', () => {
    const ring = ringOf(at(250), [slot(3), slot(100), slot(240)], () => true)
    expect(ring.successor?.peer).toBe(at(3))
    expect(ring.predecessor?.peer).toBe(at(240))
  })

  it('is displaced only by a nearer peer', () => {
    const ring = ringOf(at(100), [slot(90), slot(120)], () => true)
    expect(isNearer(at(100), ring, at(110))).toBe(true)
    expect(isNearer(at(100), ring, at(95))).toBe(true)
    expect(isNearer(at(100), ring, at(130))).toBe(false)
    expect(isNearer(at(100), ring, at(80))).toBe(false)
  })

  it('is known from the other side by what the neighbour tells', () => {
    expect(isRingOf(slot(120, { neighbours: rich(100, 130, 90) }), at(100))).toBe(true)
    expect(isRingOf(slot(120, { neighbours: rich(100, 110, 130) }), at(100))).toBe(false)
    expect(isRingOf(slot(120), at(100))).toBe(true)
  })
})

describe('eviction', () => {
  const rule = { self: at(100), maxPeers: 8, redundantOnly: false, minDegree: 0 }
  // Neighbours of the candidates that make this peer no ring neighbour of theirs.
  const around = (first: number, more: number[] = []) =>
    rich(100, first - 1, first + 1, first + 2, first + 3, ...more)

  it('never takes a ring link', () => {
    expect(
      chooseEviction([slot(90, { neighbours: around(90) }), slot(120, { neighbours: around(120) })], rule),
    ).toBe(undefined)
  })

  it('never leaves a peer at or under the floor', () => {
    const poor = slot(200, { neighbours: rich(100, 199, 201) })
    expect(degreeFloor(8)).toBe(3)
    expect(chooseEviction([slot(90), slot(120), poor], rule)).toBe(undefined)
  })

  it('takes one whose claim can be delegated where it must, but not its last link', () => {
    const claims = slot(200, { neighbours: rich(100, 5) })
    const last = slot(210, { neighbours: rich(100) })
    expect(chooseEviction([slot(90), slot(120), claims], rule)).toBe(undefined)
    expect(chooseEviction([slot(90), slot(120), claims, last], { ...rule, delegate: true })).toBe(claims)
    expect(chooseEviction([slot(90), slot(120), last], { ...rule, delegate: true })).toBe(undefined)
  })

  it('takes a suspect first, then the one with most links', () => {
    const some = slot(200, { neighbours: around(200) })
    const more = slot(220, { neighbours: around(220, [1, 2]) })
    const slots = [slot(90), slot(120), some, more]
    expect(chooseEviction(slots, rule)).toBe(more)
    const silent = slot(230, { suspect: true })
    expect(chooseEviction([...slots, silent], rule)).toBe(silent)
  })

  it('takes only from buckets that hold two when asked so', () => {
    const lone = slot(20, { neighbours: around(20) })
    const pair = [slot(200, { neighbours: around(200) }), slot(201, { neighbours: around(201, [9]) })]
    const only = { ...rule, redundantOnly: true }
    expect(chooseEviction([slot(90), slot(120), lone], only)).toBe(undefined)
    expect(chooseEviction([slot(90), slot(120), lone, ...pair], only)).toBe(pair[1])
  })
})

describe('links that the other side needs', () => {
  /** A full table: the two of the ring, then rich ones, of which the first `needed` need this peer. */
  function table(maxPeers: number, needed: number): Slots {
    const slots = new Slots(at(128), maxPeers)
    const others = Array.from({ length: maxPeers - 2 }, (_, i) => 10 + i)
    for (const [i, first] of [127, 129, ...others].entries()) {
      const peer = at(first)
      const isNeedy = i >= 2 && i < 2 + needed
      const made = slots.create({ peer, session: i, ring: false, outgoing: false, needed: isNeedy }, i)
      slots.add(made)
      slots.open(made, 1000, i)
      slots.rise(made, i)
      slots.told(made, rich(128, first + 1, first - 1, 250, 251, 252))
    }
    return slots
  }

  it('are spared', () => {
    for (const maxPeers of [4, 8, 16]) {
      const needed = mostNeeded(maxPeers)
      const slots = table(maxPeers, needed)
      for (let left = maxPeers - 2 - needed; left > 0; left--) {
        const chosen = slots.evictable(false, 0)
        expect(chosen?.needed).toBe(false)
        if (chosen !== undefined) slots.drop(chosen)
      }
      expect(slots.evictable(false, 0)).toBeUndefined()
    }
  })

  it('up to half of what the ring leaves, whoever else says so', () => {
    for (const maxPeers of [4, 8, 16]) {
      const slots = table(maxPeers, maxPeers - 2)
      const kept = [...slots].slice(2, 2 + mostNeeded(maxPeers))
      for (let spared = slots.evictable(false, 0); spared !== undefined; spared = slots.evictable(false, 0)) {
        expect(kept).not.toContain(spared)
        slots.drop(spared)
      }
      expect([...slots].slice(2)).toEqual(kept)
    }
  })
})
