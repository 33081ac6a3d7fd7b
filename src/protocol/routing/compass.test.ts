import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idFromBytes, type PeerId, RING, ringDistance } from '../id.ts'
import { Course, choose, distance, isClosedOver, markOf, type Neighbour, placeOf, turned } from './compass.ts'
import { makeRecord, seeded } from './network.test-support.ts'
import { PLACE_UNIT } from './sight.ts'

/** An id at a share of the ring, so that a table of cases can be read. */
function at(share: number): PeerId {
  const bytes = new Uint8Array(32)
  const position = share * 2 ** 32
  for (let i = 0; i < 4; i++) bytes[i] = Math.floor(position / 2 ** (8 * (3 - i))) % 256
  // What marks are made of.
  bytes[5] = Math.round(share * 200)
  return idFromBytes(bytes)
}

function neighbour(
  link: number,
  share: number,
  peers: number[] = [],
  more: Partial<Neighbour> = {},
): Neighbour {
  const record = makeRecord(new Uint8Array(32), new Uint8Array(32), 1)
  const places = peers.map(peer => placeOf(at(peer)))
  return {
    ...placeOf(at(share)),
    link,
    record,
    suspect: false,
    owing: 0,
    takenAt: Number.NEGATIVE_INFINITY,
    roundTrip: 10,
    peers: places,
    far: new Uint32Array(0),
    farNear: 0,
    near: new Uint32Array(0),
    further: new Uint32Array(0),
    ...more,
  }
}

const pick = (
  neighbours: Neighbour[],
  target: number,
  course: Course = Course.NEAREST,
  visited: number[] = [],
): number | undefined => choose(neighbours, at(0), placeOf(at(target)), course, visited)?.neighbour.link

describe('choosing the next neighbour', () => {
  test.each([
    ['the target itself before all others', [neighbour(1, 0.5), neighbour(2, 0.499, [0.5])], 0.5, 0, [], 1],
    ['the nearest by the shorter way around', [neighbour(1, 0.3), neighbour(2, 0.9)], 0.95, 0, [], 2],
    ['whoever is linked to the target', [neighbour(1, 0.49), neighbour(2, 0.9, [0.5])], 0.5, 0, [], 2],
    ['whoever has the nearest neighbour', [neighbour(1, 0.4), neighbour(2, 0.1, [0.45])], 0.5, 0, [], 2],
    ['never a visited one', [neighbour(1, 0.49), neighbour(2, 0.9)], 0.5, 0, [1], 2],
    ['nobody when all were visited', [neighbour(1, 0.49)], 0.5, 0, [1], undefined],
    [
      'not through a visited neighbour',
      [neighbour(1, 0.5), neighbour(2, 0.2, [0.5]), neighbour(3, 0.3)],
      0.5,
      0,
      [1],
      3,
    ],
    ['from beyond the target', [neighbour(1, 0.49), neighbour(2, 0.6)], 0.5, Course.BEYOND, [], 2],
    ['from before the target', [neighbour(1, 0.4), neighbour(2, 0.51)], 0.5, Course.BEFORE, [], 1],
    ['a suspected one last', [neighbour(1, 0.5, [], { suspect: true }), neighbour(2, 0.2)], 0.5, 0, [], 2],
    ['a suspected one rather than nobody', [neighbour(1, 0.5, [], { suspect: true })], 0.5, 0, [], 1],
    [
      'the quicker of two that know the target',
      [neighbour(1, 0.1, [0.5], { roundTrip: 80 }), neighbour(2, 0.9, [0.5], { roundTrip: 20 })],
      0.5,
      0,
      [],
      2,
    ],
  ] as const)('%s', (_name, neighbours, target, course, visited, expected) => {
    expect(pick([...neighbours], target, course, [...visited])).toBe(expected)
  })

  test('self is no way to the target, though every neighbour is linked to it', () => {
    const choice = choose([neighbour(1, 0.3, [0.48])], at(0.48), placeOf(at(0.5)), Course.NEAREST, [])
    expect(choice?.reach).toBeCloseTo(0.2 * RING, -40)
  })

  test('distances of a course agree with the ring', () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(idFromBytes)
    fc.assert(
      fc.property(id, id, (a, b) => {
        const [one, other] = [placeOf(a), placeOf(b)]
        const beyond = distance(Course.BEYOND, one, other)
        const before = distance(Course.BEFORE, one, other)
        expect(distance(Course.NEAREST, one, other)).toBe(ringDistance(a, b))
        expect(Math.min(beyond, before)).toBe(ringDistance(a, b))
        if (a !== b) expect(beyond + before).toBe(RING)
      }),
    )
  })

  test('at a dead end the course turns to the side that this peer is not on, then gives the sides up', () => {
    expect(turned(Course.NEAREST, placeOf(at(0.4)), placeOf(at(0.5)))).toBe(Course.BEYOND)
    expect(turned(Course.NEAREST, placeOf(at(0.6)), placeOf(at(0.5)))).toBe(Course.BEFORE)
    expect(turned(Course.NEAREST, placeOf(at(0.95)), placeOf(at(0.05)))).toBe(Course.BEYOND)
    expect(turned(Course.BEYOND, placeOf(at(0.6)), placeOf(at(0.5)))).toBe(Course.LAST)
  })
})

describe('seeing that the ring is whole without the target', () => {
  const closed = (self: number, neighbours: Neighbour[], target: number, course: Course = Course.NEAREST) =>
    isClosedOver([...neighbours, ...others], placeOf(at(self)), placeOf(at(target)), course)
  const others = [neighbour(7, 0.8), neighbour(8, 0.82), neighbour(9, 0.78)]

  test('a peer with few links does not believe what it sees', () => {
    const few = [neighbour(1, 0.6, [0.4, 0.7]), neighbour(2, 0.8)]
    expect(isClosedOver(few, placeOf(at(0.4)), placeOf(at(0.5)), Course.NEAREST)).toBe(false)
  })

  test.each([
    [
      'a third one knows somebody in between',
      0.4,
      [neighbour(1, 0.6, [0.4, 0.7]), neighbour(2, 0.9, [0.52])],
      0.5,
      false,
    ],
    ['predecessor and successor are linked to each other', 0.4, [neighbour(1, 0.6, [0.4, 0.7])], 0.5, true],
    ['seen from the successor', 0.6, [neighbour(1, 0.4, [0.6, 0.3])], 0.5, true],
    ['across zero', 0.95, [neighbour(1, 0.1, [0.95, 0.3])], 0.02, true],
    ['the other side has somebody in between', 0.4, [neighbour(1, 0.6, [0.4, 0.55])], 0.5, false],
    ['the other side knows somebody nearer on this side', 0.4, [neighbour(1, 0.6, [0.4, 0.45])], 0.5, false],
    ['the other side has not told that it is linked here', 0.4, [neighbour(1, 0.6, [0.7])], 0.5, false],
    ['the other side is silent', 0.4, [neighbour(1, 0.6, [0.4], { suspect: true })], 0.5, false],
    ['there is nobody on the other side', 0.4, [], 0.5, false],
  ])('%s', (_name, self, neighbours, target, expected) => {
    expect(closed(self, neighbours, target)).toBe(expected)
  })
})

test('retries draw lots among those that know the target', () => {
  const two = [neighbour(1, 0.1, [0.5]), neighbour(2, 0.9, [0.5])]
  const random = seeded(5)
  const drawn = new Set<number | undefined>()
  for (let i = 0; i < 40; i++)
    drawn.add(choose(two, at(0), placeOf(at(0.5)), Course.BEYOND, [], random)?.neighbour.link)
  expect(drawn).toEqual(new Set([1, 2]))
})

test('looks as far as a neighbour says it sees', () => {
  const unit = (share: number) => Uint32Array.of(Math.floor(placeOf(at(share)).at / PLACE_UNIT))
  const near = neighbour(1, 0.45, [0.46])
  const far = neighbour(2, 0.1, [0.2], { near: unit(0.3), further: unit(0.5) })
  expect(pick([near, far], 0.5)).toBe(2)
  expect(pick([near, far], 0.5, Course.BEYOND)).toBe(2)
  expect(pick([near, far], 0.47)).toBe(1)
})

describe('a search', () => {
  const search = (neighbours: Neighbour[], marked: number[]) => {
    const marks = new Set(marked.map(share => markOf(placeOf(at(share)))))
    const target = placeOf(at(0.5))
    return choose(neighbours, at(0), target, Course.LAST, [], undefined, marks)?.neighbour.link
  }

  test('leaves out where it has been', () => {
    expect(search([neighbour(1, 0.49), neighbour(2, 0.9)], [0.49])).toBe(2)
    expect(search([neighbour(1, 0.49)], [0.49])).toBe(undefined)
  })

  test('goes where somebody new is before it goes near', () => {
    const clique = [neighbour(1, 0.45, [0, 0.1]), neighbour(2, 0.1, [0, 0.45, 0.7])]
    expect(search(clique, [])).toBe(2)
    expect(search(clique, [0.7])).toBe(1)
  })
})
