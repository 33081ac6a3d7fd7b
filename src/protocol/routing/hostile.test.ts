/** What relays, neighbours and strangers may try, and what it gets them. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createSealer, SEAL_SEED_BYTES } from '../../crypto/seal.ts'
import { idToBytes } from '../id.ts'
import { decodeRecord, encodeRecord, type PeerRecord } from '../record.ts'
import { Frame } from '../wire/frame.ts'
import { Course } from './compass.ts'
import {
  Envelope,
  writeAnswer,
  writeLetter,
  writeReceipt,
  writeStranger,
  writeUnreachable,
} from './envelope.ts'
import { type TransitType, writeRanges, writeTransit } from './frames.ts'
import { makeRecord, seeded, type Tap, TestNetwork } from './network.test-support.ts'
import type { Routing } from './routing.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const SECONDS = 1000
// Whole swarms, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })
const real = (random: { bytes(length: number): Uint8Array }) => createSealer(random.bytes(SEAL_SEED_BYTES))

/** 0 and 3 are two links apart, by way of 1 or of 2. */
function diamond(seed: number, more: object = {}): TestNetwork {
  const network = new TestNetwork({ seed, ...more })
  for (let i = 0; i < 4; i++) network.addPeer()
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ] as const)
    network.link(a, b)
  network.tellNeighbours()
  return network
}

/** The two introduce themselves, so that what follows is letters only. */
function acquaint(network: TestNetwork, a: number, b: number): void {
  network.send(a, network.peer(b).id, text('hello'))
  network.elapse(2 * SECONDS)
  network.peer(b).delivered.length = 0
}

/** Serials that no honest frame of these tests gets to. */
let serial = 1000

function transit(type: TransitType, hops: number, budget: number, envelope: Uint8Array): Uint8Array {
  return writeTransit(type, { hops, course: Course.NEAREST, budget, marks: [], envelope }, serial++)
}

function routed(envelope: Uint8Array, hops = 1): Uint8Array {
  return transit(Frame.ROUTED, hops, 4, envelope)
}

const linkOf = (network: TestNetwork, at: number, other: number): number =>
  network.peer(at).links.get(other) as number

describe('a relay', () => {
  test('that alters letters is got around', () => {
    for (let byte = 3; byte < 120; byte += 9) {
      const network = diamond(byte, { sealer: real })
      acquaint(network, 0, 3)
      network.tap = (from, _to, frame) => {
        if (from !== 1 || frame[0] !== Frame.ROUTED) return frame
        const altered = frame.slice()
        altered[byte] = (altered[byte] ?? 0) ^ 1
        return altered
      }
      const requests = [0, 1, 2, 3].map(i => network.send(0, network.peer(3).id, text(`message ${i}`)))
      network.elapse(9 * SECONDS)
      expect(requests.map(request => network.outcome(0, request))).toEqual(['ok', 'ok', 'ok', 'ok'])
      expect(
        network
          .peer(3)
          .delivered.map(({ body }) => new TextDecoder().decode(body))
          .sort(),
      ).toEqual([0, 1, 2, 3].map(i => `message ${i}`))
    }
  })

  test('that drops letters, or only receipts, costs one attempt', () => {
    for (const kind of [Envelope.LETTER, Envelope.RECEIPT])
      for (const bad of [1, 2]) {
        const network = diamond(40 + bad)
        acquaint(network, 0, 3)
        network.tap = (from, _to, frame) =>
          from === bad && (frame[4] === kind || frame[4] === Envelope.INTRODUCED) ? undefined : frame
        const requests = [0, 1, 2, 3].map(i => network.send(0, network.peer(3).id, text(`${i}`)))
        network.elapse(4 * SECONDS)
        expect(requests.map(request => network.outcome(0, request))).toEqual(['ok', 'ok', 'ok', 'ok'])
        expect(network.peer(3).delivered.length).toBe(4)
      }
  })

  test('that answers unreachable for everything is got around', () => {
    const network = diamond(44)
    acquaint(network, 0, 3)
    const liar: Tap = (from, to, frame) => {
      if (to === 1 && from === 0 && frame[0] === Frame.ROUTED) {
        const way = frame.slice(4 + 33, 4 + 39).reduce((sum, byte) => sum * 256 + byte, 0)
        const lie = routed(writeUnreachable(network.peer(0).id, way, false))
        network.inject(0, linkOf(network, 0, 1), lie)
        return undefined
      }
      return frame
    }
    network.tap = liar
    const requests = [0, 1, 2, 3].map(i => network.send(0, network.peer(3).id, text(`${i}`)))
    network.elapse(5 * SECONDS)
    expect(requests.map(request => network.outcome(0, request))).toEqual(['ok', 'ok', 'ok', 'ok'])
  })

  test('cannot read: nothing of the body is in any frame', () => {
    const network = diamond(45, { sealer: real })
    acquaint(network, 0, 3)
    const frames: string[] = []
    network.tap = (_from, _to, frame) => {
      frames.push(new TextDecoder('latin1').decode(frame))
      return frame
    }
    network.send(0, network.peer(3).id, text('the secret of the message'))
    network.elapse(2 * SECONDS)
    expect(frames.length).toBeGreaterThan(3)
    expect(frames.filter(frame => frame.includes('secret'))).toEqual([])
  })

  test('cannot forge a receipt: the request stays open', () => {
    const network = diamond(46, { sealer: real })
    acquaint(network, 0, 3)
    network.tap = (from, to, frame) => {
      if (from !== 0 || frame[0] !== Frame.ROUTED || (frame[2] as number) >> 6 === Course.LAST)
        return undefined
      const way = frame.slice(37, 43).reduce((sum, byte) => sum * 256 + byte, 0)
      const at = frame[4] === Envelope.LETTER ? 4 + 39 + 32 : 4 + 39 + 134
      const number = frame.slice(at, at + 6).reduce((sum, byte) => sum * 256 + byte, 0)
      const forged = writeReceipt(network.peer(0).id, way, number, network.random.bytes(16))
      network.inject(0, linkOf(network, 0, to), routed(forged))
      return undefined
    }
    const request = network.send(0, network.peer(3).id, text('x'))
    network.elapse(5 * SECONDS)
    expect(network.outcome(0, request)).toBeUndefined()
    expect(network.peer(0).drops.length).toBeGreaterThan(1)
    expect(new Set(network.peer(0).drops)).toEqual(new Set(['bad-seal']))
  })

  test('cannot replay: a letter is delivered once, however often it comes, also after a rejoin', () => {
    const network = diamond(47, { sealer: real })
    acquaint(network, 0, 3)
    const kept: { from: number; frame: Uint8Array }[] = []
    network.tap = (from, to, frame) => {
      if (to === 3 && (frame[4] === Envelope.LETTER || frame[4] === Envelope.INTRODUCED))
        kept.push({ from, frame })
      return frame
    }
    const request = network.send(0, network.peer(3).id, text('once'))
    network.elapse(2 * SECONDS)
    for (let i = 0; i < 5; i++)
      for (const { from, frame } of [...kept]) network.inject(3, linkOf(network, 3, from), frame)
    network.elapse(60 * SECONDS)
    network.run(3, (routing, out) => routing.stop(network.now, out))
    network.peer(3).routing.start(network.now)
    for (const other of [1, 2]) {
      const link = linkOf(network, 3, other)
      network.run(3, (routing, out) => routing.linkUp(link, network.peer(other).record, network.now, out))
    }
    network.run(3, (routing, out) => routing.learn(network.peer(0).record, network.now, out))
    network.elapse(10)
    for (const { from, frame } of [...kept]) network.inject(3, linkOf(network, 3, from), frame)
    network.elapse(10 * SECONDS)
    expect(kept.length).toBeGreaterThan(0)
    expect(network.peer(3).delivered.length).toBe(1)
    expect(network.peer(0).settled.get(request)).toMatchObject({ outcome: 'ok', times: 1 })
    expect(network.peer(0).drops).toEqual([])
  })

  test('cannot pass letters off as its own by announcing the sender’s box key', () => {
    const network = diamond(48, { sealer: real })
    acquaint(network, 0, 3)
    const thiefKey = network.random.bytes(32)
    const thief = makeRecord(thiefKey, network.peer(0).record.boxKey, 1)
    network.tap = (from, _to, frame) => {
      if (from !== 1 || frame[4] !== Envelope.LETTER) return frame
      const envelope = frame.subarray(4)
      const way = envelope.slice(33, 39).reduce((sum, byte) => sum * 256 + byte, 0)
      const number = envelope.slice(71, 77).reduce((sum, byte) => sum * 256 + byte, 0)
      return routed(writeLetter(network.peer(3).id, way, thief.bytes, number, envelope.slice(77)))
    }
    for (let i = 0; i < 4; i++) network.send(0, network.peer(3).id, text(`${i}`))
    network.elapse(5 * SECONDS)
    expect(network.peer(3).delivered.length).toBe(4)
    for (const { from } of network.peer(3).delivered) expect(from).toBe(network.peer(0).id)
  })

  test('cannot answer for another with a record that it made up', () => {
    const network = diamond(49)
    const forged = (record: PeerRecord): Uint8Array =>
      encodeRecord(record.key, network.random.bytes(32), record.epoch + 1, network.random.bytes(64))
    let lies = 0
    network.tap = (from, to, frame) => {
      if (from === 1 && to === 0 && frame[4] === Envelope.ANSWER) {
        lies++
        const way = frame.slice(37, 43).reduce((sum, byte) => sum * 256 + byte, 0)
        const lie = writeAnswer(network.peer(0).id, way, forged(network.peer(3).record))
        return Uint8Array.of(...frame.subarray(0, 4), ...lie)
      }
      return frame
    }
    const request = network.send(0, network.peer(3).id, text('x'))
    network.elapse(8 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
    // One that comes when the truth is known is not looked at.
    const refused = network.peer(0).drops.filter(drop => drop === 'bad-signature').length
    expect(refused).toBeGreaterThan(0)
    expect(refused).toBeLessThanOrEqual(lies)
    expect(network.peer(0).routing.recordOf(network.peer(3).id)?.bytes).toEqual(network.peer(3).record.bytes)
  })
})

describe('a neighbour', () => {
  const fresh = () => {
    const network = diamond(50)
    const link = linkOf(network, 0, 1)
    const drop = (frame: Uint8Array): string | undefined => {
      network.peer(0).drops.length = 0
      network.inject(0, link, frame)
      return network.peer(0).drops[0]
    }
    return { network, drop }
  }

  test('that bounces, receipts or answers what was never sent is told apart', () => {
    const { network, drop } = fresh()
    const { id } = network.peer(0)
    const elsewhere = writeUnreachable(network.peer(3).id, 5, false)
    expect(drop(transit(Frame.BOUNCED, 2, 3, elsewhere))).toBe('unexpected')
    expect(drop(writeRanges(Frame.RECEIPT, [1, 1]))).toBe('unexpected')
    expect(drop(routed(writeReceipt(id, 5, 1, new Uint8Array(16))))).toBe('replay')
    expect(drop(routed(writeUnreachable(id, 5, false)))).toBe('replay')
    expect(drop(routed(writeStranger(id, 5)))).toBe('replay')
    expect(drop(routed(writeAnswer(id, 5, network.peer(3).record.bytes)))).toBe('replay')
    expect(drop(routed(writeUnreachable(network.peer(3).id, 6, false), 255))).toBe('hop-limit')
  })

  test('cannot bounce what went to another one', () => {
    const { network, drop } = fresh()
    const away = network.addPeer()
    const envelope = writeLetter(network.peer(away).id, 9, new Uint8Array(32), 1, new Uint8Array(20))
    // It came from 2, so it went to 1; then it comes back from there, twice.
    network.inject(0, linkOf(network, 0, 2), routed(envelope))
    const back = transit(Frame.BOUNCED, 3, 4, envelope)
    network.inject(0, linkOf(network, 0, 2), back)
    expect(network.peer(0).drops).toEqual(['unexpected'])
    expect(drop(back)).toBeUndefined()
    expect(network.peer(0).routing.stats.bounced).toBe(1)
  })

  test('cannot bring one peer’s record as the answer for another', () => {
    const { network, drop } = fresh()
    const ways: number[] = []
    network.tap = (_from, _to, frame) => {
      ways.push(frame.slice(37, 43).reduce((sum, byte) => sum * 256 + byte, 0))
      return undefined
    }
    network.send(0, network.peer(3).id, text('x'))
    const other = network.addPeer()
    const answer = writeAnswer(network.peer(0).id, ways[0] as number, network.peer(other).record.bytes)
    expect(drop(routed(answer))).toBe('bad-record')
    expect(network.verifications).toBe(0)
  })

  test('that receipts more than was sent is told apart, whatever the range', () => {
    const { network, drop } = fresh()
    network.send(0, network.peer(1).id, text('one'))
    expect(drop(writeRanges(Frame.RECEIPT, [1, 2 ** 48 - 1]))).toBe('unexpected')
    expect(drop(writeRanges(Frame.RECEIPT, [0, 1]))).toBeUndefined()
    expect(drop(writeRanges(Frame.RECEIPT, [1, 1]))).toBeUndefined()
  })

  test('that sends what does not parse is told apart', () => {
    const { drop } = fresh()
    expect(drop(Uint8Array.of(Frame.ROUTED))).toBe('malformed')
    expect(drop(Uint8Array.of(Frame.BOUNCED, 1, 2, 3))).toBe('malformed')
    expect(drop(Uint8Array.of(Frame.DATA))).toBe('malformed')
    expect(drop(Uint8Array.of(Frame.RECEIPT))).toBe('malformed')
    expect(drop(Uint8Array.of(0x36))).toBe('unexpected')
  })

  test('gets an envelope that comes round again back at once', () => {
    const { network, drop } = fresh()
    const away = network.addPeer()
    const envelope = writeLetter(network.peer(away).id, 9, new Uint8Array(32), 1, new Uint8Array(20))
    const frames: number[] = []
    network.tap = (from, to, frame) => {
      if (from === 0 && frame[0] !== Frame.TAKEN) frames.push(to, frame[0] as number)
      return undefined
    }
    expect(drop(routed(envelope))).toBeUndefined()
    expect(drop(routed(envelope))).toBeUndefined()
    expect(frames.slice(-2)).toEqual([1, Frame.BOUNCED])
    expect(network.peer(0).routing.stats).toMatchObject({ forwarded: 1, bounced: 1 })
  })

  test('cannot fill a table beyond its bound, and the peer goes on', () => {
    const limits = { maxWays: 50, maxQuestions: 5, maxParked: 2, maxRecords: 10 }
    const network = diamond(51, limits)
    const { id } = network.peer(0)
    const link = linkOf(network, 0, 1)
    const { tables } = network.peer(0).routing.stats
    expect(tables.questions).toBe(0)
    network.tap = () => undefined
    for (let i = 0; i < 300; i++) {
      const record = makeRecord(network.random.bytes(32), network.random.bytes(32), 1)
      network.inject(0, link, routed(writeLetter(id, i, record.bytes, 1, new Uint8Array(40))))
      const other = network.random.bytes(32)
      network.inject(0, link, routed(writeLetter(record.id, 1000 + i, other, 1, new Uint8Array(40))))
      const { tables } = network.peer(0).routing.stats
      expect(tables.ways).toBeLessThanOrEqual(50)
      expect(tables.questions).toBeLessThanOrEqual(5)
      if (i % 50 === 0) network.elapse(10)
      expect(tables.records).toBeLessThanOrEqual(10)
    }
    expect(network.peer(0).drops).toContain('table-full')
    network.elapse(1 * SECONDS)
    network.tap = (_from, _to, frame) => frame
    const request = network.send(3, id, text('still there?'))
    network.elapse(8 * SECONDS)
    expect(network.outcome(3, request)).toBe('ok')
  })

  test('and garbage of every kind never throws, and delivers nothing', () => {
    const network = diamond(52)
    acquaint(network, 0, 3)
    network.tap = () => undefined
    const link = linkOf(network, 0, 1)
    const to = idToBytes(network.peer(0).id)
    const from = idToBytes(network.peer(3).id)
    const type = fc.constantFrom(Frame.ROUTED, Frame.BOUNCED, Frame.RECEIPT)
    const blob = fc.uint8Array({ maxLength: 300 })
    const addressed = fc
      .tuple(fc.nat(7), blob)
      .map(([kind, rest]) => Uint8Array.of(3, 68, kind, ...to, ...rest.slice(0, 6), ...from, ...rest))
    fc.assert(
      fc.property(type, fc.oneof(blob, addressed), (first, rest) => {
        network.inject(0, link, Uint8Array.of(first, ...rest))
        network.run(0, (routing: Routing, out) => routing.envelope(rest.subarray(2), network.now, out))
      }),
      { numRuns: 2000 },
    )
    network.elapse(10 * SECONDS)
    expect(network.peer(0).delivered).toEqual([])
    expect(network.peer(0).letters).toEqual([])
  })
})

describe('records', () => {
  test('of a wrong signature, length or age are refused', () => {
    const network = diamond(53)
    const { id, record } = network.peer(3)
    const learn = (bytes: Uint8Array): string | undefined => {
      network.peer(0).drops.length = 0
      network.run(0, (routing, out) => routing.learn(bytes, network.now, out))
      network.elapse(10)
      return network.peer(0).drops[0]
    }
    const forged = record.bytes.slice()
    forged[100] = (forged[100] ?? 0) ^ 1
    expect(learn(forged)).toBe('bad-signature')
    expect(network.peer(0).routing.knows(id)).toBe(false)
    expect(learn(record.bytes)).toBeUndefined()
    expect(network.peer(0).routing.knows(id)).toBe(true)
    expect(learn(record.bytes)).toBeUndefined()
    expect(learn(makeRecord(record.key, record.boxKey, 0).bytes)).toBe('bad-record')
    expect(learn(makeRecord(record.key, new Uint8Array(32), 1).bytes)).toBe('bad-record')
    expect(learn(makeRecord(record.key, record.boxKey, 5).bytes)).toBeUndefined()
    expect(network.peer(0).routing.recordOf(id)?.epoch).toBe(5)
    expect(learn(record.bytes)).toBe('bad-record')
    expect(learn(new Uint8Array(133))).toBe('malformed')
    expect(decodeRecord(new Uint8Array(133))).toBeUndefined()
  })

  test('a letter sealed by an older session of its sender is refused', () => {
    const network = diamond(54)
    acquaint(network, 0, 3)
    const newer = makeRecord(network.peer(0).record.key, seeded(1).bytes(32), 2)
    network.run(3, (routing, out) => routing.learn(newer, network.now, out))
    network.elapse(10)
    const stale = writeLetter(network.peer(3).id, 77, network.peer(0).record.bytes, 9, new Uint8Array(30))
    network.inject(3, linkOf(network, 3, 1), routed(stale))
    expect(network.peer(3).drops).toEqual(['bad-record'])
  })
})
