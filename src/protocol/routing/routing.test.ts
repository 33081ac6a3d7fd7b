import { describe, expect, test, vi } from 'vitest'
import { sha256 } from '../../crypto/hash.ts'
import { createSealer, SEAL_SEED_BYTES } from '../../crypto/seal.ts'
import type { RequestId } from '../input.ts'
import { Frame } from '../wire/frame.ts'
import { ROUTING_LIMITS } from './limits.ts'
import { type NetworkOptions, type Peer, TestNetwork } from './network.test-support.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const SECONDS = 1000
// Whole swarms, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

/** 0 – 1 – 2 – 3 … */
function line(count: number, options: NetworkOptions): TestNetwork {
  const network = new TestNetwork(options)
  for (let i = 0; i < count; i++) network.addPeer()
  for (let i = 1; i < count; i++) network.link(i - 1, i)
  network.tellNeighbours()
  return network
}

interface Sent {
  readonly from: number
  readonly to: number
  readonly request: RequestId
}

function sendMany(network: TestNetwork, count: number): Sent[] {
  const sent: Sent[] = []
  const { length } = network.peers
  while (sent.length < count) {
    const from = network.random.u32() % length
    const to = network.random.u32() % length
    if (from === to || !network.peer(from).alive || !network.peer(to).alive) continue
    const request = network.send(from, network.peer(to).id, text(`${sent.length}`))
    sent.push({ from, to, request })
  }
  return sent
}

/** Every message once, at its receiver, and its request settled once with `ok`. */
function expectAllOnce(network: TestNetwork, sent: readonly Sent[]): void {
  const arrived = network.peers.map(() => new Map<string, number>())
  for (const [index, { delivered }] of network.peers.entries())
    for (const { body } of delivered) {
      const key = new TextDecoder().decode(body)
      const counts = arrived[index] as Map<string, number>
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  for (const [i, { from, to, request }] of sent.entries()) {
    expect([i, arrived[to]?.get(`${i}`)]).toEqual([i, 1])
    expect([i, network.peer(from).settled.get(request)]).toMatchObject([i, { outcome: 'ok', times: 1 }])
  }
}

function total(network: TestNetwork, of: (peer: Peer) => number): number {
  return network.peers.reduce((sum, peer) => sum + of(peer), 0)
}

describe('in a swarm whose ring is whole', () => {
  test.each([
    [2, 4, 1],
    [3, 4, 1],
    [8, 4, 2],
    [50, 4, 6],
    [200, 5, 7],
    [500, 8, 6],
    [1000, 8, 9],
  ])(
    'every message arrives exactly once: %i peers, %i links each, at most %i hops on average',
    (count, maxPeers, most) => {
      const network = TestNetwork.swarm(count, maxPeers, { seed: count * 10 + maxPeers })
      const sent = sendMany(network, 300)
      network.elapse(10 * SECONDS)
      expectAllOnce(network, sent)
      const hops = network.peers.flatMap(({ delivered }) => delivered.map(message => message.hops))
      expect(hops.length).toBe(sent.length)
      expect(hops.reduce((sum, each) => sum + each, 0) / hops.length).toBeLessThanOrEqual(most)
      for (const peer of network.peers) expect(peer.drops).toEqual([])
    },
  )

  test('with real boxes', () => {
    const sealer: NetworkOptions['sealer'] = random => createSealer(random.bytes(SEAL_SEED_BYTES))
    const network = TestNetwork.swarm(30, 4, { seed: 12, sealer })
    const sent = sendMany(network, 60)
    network.elapse(10 * SECONDS)
    expectAllOnce(network, sent)
  })

  test('a peer that is gone gives no-route well before ten seconds, at the cost of a few hundred frames', () => {
    const network = TestNetwork.swarm(500, 8, { seed: 3 })
    const gone = network.addPeer()
    network.kill(gone)
    network.elapse(40 * SECONDS)
    const { id, record } = network.peer(gone)
    for (const knows of [false, true]) {
      if (knows) network.run(1, (routing, out) => routing.learn(record, network.now, out))
      network.elapse(10)
      const from = knows ? 1 : 0
      const before = { now: network.now, frames: network.frames }
      const request = network.send(from, id, text('anybody?'))
      network.elapse(10 * SECONDS)
      const { outcome, at } = network.peer(from).settled.get(request) ?? { outcome: 'none', at: 0 }
      expect(outcome).toBe('no-route')
      expect(at - before.now).toBeGreaterThanOrEqual(ROUTING_LIMITS.deadEndSpan)
      expect(at - before.now).toBeLessThan(9 * SECONDS)
      expect(network.frames - before.frames).toBeLessThan(400)
    }
  })

  test('links cut while messages are on their way: each still arrives, and once', () => {
    const network = TestNetwork.swarm(60, 6, { seed: 21 })
    const sent = sendMany(network, 200)
    for (let i = 0; i < 20; i++) {
      network.elapse(15)
      const a = network.random.u32() % 60
      const links = [...network.peer(a).links.keys()]
      const b = network.pick(links) as number
      if (links.length > 4 && network.peer(b).links.size > 4) network.cut(a, b)
      network.tellNeighbours()
    }
    network.elapse(10 * SECONDS)
    expectAllOnce(network, sent)
  })
})

describe('in a mesh that is no ring', () => {
  test('ten peers in a line reach each other', () => {
    const network = line(10, { seed: 4 })
    const sent = sendMany(network, 100)
    network.elapse(10 * SECONDS)
    expectAllOnce(network, sent)
    expect(network.peers.flatMap(({ delivered }) => delivered.map(({ hops }) => hops)).length).toBe(100)
  })

  test('random graphs without ring links deliver all the same', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const network = new TestNetwork({ seed })
      for (let i = 0; i < 24; i++) network.addPeer()
      for (let i = 1; i < 24; i++) network.link(i, network.random.u32() % i)
      for (let i = 0; i < 24; i++) {
        const other = network.random.u32() % 24
        if (other !== i && !network.peer(i).links.has(other)) network.link(i, other)
      }
      network.tellNeighbours()
      const sent = sendMany(network, 100)
      network.elapse(10 * SECONDS)
      expectAllOnce(network, sent)
    }
  })

  test('a peer that has links but none to its ring neighbours is found by the last search', () => {
    const network = TestNetwork.swarm(100, 5, { seed: 8 })
    const late = network.addPeer()
    network.link(late, 17)
    network.link(late, 61)
    network.tellNeighbours()
    const requests = Array.from({ length: 20 }, (_, i) =>
      network.send(i, network.peer(late).id, text(`${i}`)),
    )
    network.elapse(10 * SECONDS)
    const outcomes = requests.map((request, i) => network.outcome(i, request))
    // Not a promise, as there is no ring to promise it: the overlay mends the ring in about a second.
    expect(outcomes.filter(outcome => outcome === 'ok').length).toBeGreaterThanOrEqual(10)
    for (const outcome of outcomes) expect(['ok', 'no-route']).toContain(outcome)
  })
})

describe('between neighbours', () => {
  test('data goes unsealed with a few bytes around it, and a turn of it has one receipt', () => {
    const network = line(2, { seed: 1 })
    const frames: Uint8Array[] = []
    network.tap = (_from, _to, frame) => {
      frames.push(frame)
      return frame
    }
    network.send(0, network.peer(1).id, new Uint8Array(100))
    network.elapse(200)
    expect(frames.map(frame => [frame[0], frame.length])).toEqual([
      [Frame.DATA, 103],
      [Frame.RECEIPT, 3],
    ])
  })

  test('the receipt of a turn goes in that turn, with the reply', () => {
    const network = line(2, { seed: 1 })
    const [a, b] = [network.peer(0), network.peer(1)]
    const request = network.send(0, b.id, text('ping'))
    network.elapse(60)
    const [link] = [...b.links.values()]
    expect(b.delivered.length).toBe(1)
    expect(link).toBeDefined()
    expect(b.routing.deadline).toBe(Number.POSITIVE_INFINITY)
    network.elapse(60)
    expect(a.settled.get(request)?.outcome).toBe('ok')
    expect(a.routing.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('a link that dies before the receipt: the same message goes again over the mesh, and is delivered once', () => {
    for (const lostIs of ['data', 'receipt'] as const) {
      const network = TestNetwork.swarm(12, 4, { seed: 30 })
      const other = [...network.peer(0).links.keys()][0] as number
      network.tap = (from, to, frame) => {
        const lost = lostIs === 'data' ? Frame.DATA : Frame.RECEIPT
        return frame[0] === lost && (from === 0 || to === 0) ? undefined : frame
      }
      const requests = Array.from({ length: 200 }, (_, i) =>
        network.send(0, network.peer(other).id, text(`${i}`)),
      )
      network.elapse(200)
      network.cut(0, other)
      network.tellNeighbours()
      network.elapse(10 * SECONDS)
      expect(requests.filter(request => network.outcome(0, request) !== 'ok')).toEqual([])
      expect(network.peer(other).delivered.length).toBe(200)
    }
  })

  test('a neighbour that falls silent: what waits for it goes around', () => {
    const network = TestNetwork.swarm(12, 4, { seed: 31 })
    const [other, link] = [...network.peer(0).links][0] as [number, number]
    network.tap = (from, to, frame) => (from + to === other && from * to === 0 ? undefined : frame)
    const request = network.send(0, network.peer(other).id, text('hello'))
    network.elapse(500)
    expect(network.outcome(0, request)).toBeUndefined()
    network.run(0, routing => routing.suspect(link, true))
    network.run(other, routing => routing.suspect(network.peer(other).links.get(0) as number, true))
    network.elapse(5 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
    expect(network.peer(other).delivered.length).toBe(1)
  })

  test('a queue for a stranger goes as DATA when the stranger becomes a neighbour', () => {
    const network = new TestNetwork({ seed: 2 })
    network.addPeer()
    network.addPeer()
    const request = network.send(0, network.peer(1).id, text('early'))
    network.elapse(50)
    network.link(0, 1)
    network.elapse(200)
    expect(network.outcome(0, request)).toBe('ok')
  })
})

describe('who the other one is', () => {
  test('a record that is not known is asked for once, however many letters wait for it', () => {
    const network = line(5, { seed: 6 })
    let asked = 0
    network.tap = (from, _to, frame) => {
      if (from === 0 && frame[0] === Frame.ROUTED && frame[4] === 2) asked++
      return frame
    }
    for (let i = 0; i < 40; i++) network.send(0, network.peer(4).id, text(`${i}`))
    network.elapse(5 * SECONDS)
    expect(asked).toBe(1)
    expect(network.peer(4).delivered.length).toBe(40)
  })

  test('the sender introduces itself until it has been answered, and the verifier is asked once on each side', () => {
    const network = line(3, { seed: 6 })
    const kinds: number[] = []
    network.tap = (from, _to, frame) => {
      if (from === 0 && frame[0] === Frame.ROUTED) kinds.push(frame[4] as number)
      return frame
    }
    for (let i = 0; i < 3; i++) {
      network.send(0, network.peer(2).id, text(`${i}`))
      network.elapse(1 * SECONDS)
    }
    expect(kinds).toEqual([2, 1, 0, 0])
    expect(network.verifications).toBe(2)
  })

  test('a peer that came back with a new session is told of, and written to anew', () => {
    const network = line(3, { seed: 9 })
    const key = network.peer(2).record.key
    network.send(0, network.peer(2).id, text('to the first session'))
    network.elapse(1 * SECONDS)
    network.kill(2)
    const again = network.addPeer(key, 2)
    network.link(1, again)
    network.tellNeighbours()
    const request = network.send(0, network.peer(again).id, text('to the second'))
    network.elapse(5 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
    expect(network.peer(again).drops).toEqual(['bad-seal'])
    expect(network.peer(0).routing.recordOf(network.peer(again).id)?.epoch).toBe(2)
    // And of the record of the first session nobody hears any more.
    const stale = network.peer(2).record
    network.run(0, (routing, out) => routing.learn(stale, network.now, out))
    expect(network.peer(0).drops).toEqual(['bad-record'])
  })

  test.each([
    ['asks for an introduction', false, 500],
    ['gets one with the retry, if what it asks is lost', true, 3000],
  ])('a receiver that has forgotten the sender %s', (_name, isLost, most) => {
    const network = line(3, { seed: 9, maxRecords: 3 })
    network.send(0, network.peer(2).id, text('a'))
    network.elapse(1 * SECONDS)
    for (let i = 0; i < 6; i++) {
      const other = network.addPeer()
      network.run(2, (routing, out) => routing.learn(network.peer(other).record, network.now, out))
    }
    network.elapse(100)
    expect(network.peer(2).routing.knows(network.peer(0).id)).toBe(false)
    const before = network.now
    network.tap = (_from, _to, frame) => (isLost && frame[4] === 6 ? undefined : frame)
    const request = network.send(0, network.peer(2).id, text('b'))
    network.elapse(5 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
    expect((network.peer(0).settled.get(request)?.at ?? 0) - before).toBeLessThan(most)
    expect(network.peer(2).delivered.length).toBe(2)
  })
})

describe('requests', () => {
  test('a message to nobody in particular times out when nothing ever comes back', () => {
    const network = line(3, { seed: 9 })
    network.tap = () => undefined
    const request = network.send(0, network.peer(2).id, text('x'), { timeout: 3000 })
    network.elapse(10 * SECONDS)
    expect(network.peer(0).settled.get(request)).toMatchObject({ outcome: 'timeout', times: 1 })
    expect(network.peer(0).settled.get(request)?.at).toBeLessThanOrEqual(3010)
  })

  test('without any link it is no-route, after the time that a link may take to come', () => {
    const network = new TestNetwork({ seed: 1 })
    network.addPeer()
    network.addPeer()
    const request = network.send(0, network.peer(1).id, text('x'))
    network.elapse(2 * SECONDS)
    expect(network.outcome(0, request)).toBeUndefined()
    network.elapse(2 * SECONDS)
    expect(network.outcome(0, request)).toBe('no-route')
  })

  test('a link that comes up is tried at once by what had no route', () => {
    const network = new TestNetwork({ seed: 5 })
    for (let i = 0; i < 3; i++) network.addPeer()
    network.link(1, 2)
    network.run(0, (routing, out) => routing.learn(network.peer(2).record, network.now, out))
    network.elapse(10)
    const request = network.send(0, network.peer(2).id, text('x'))
    network.elapse(500)
    network.link(0, 1)
    network.elapse(220)
    expect(network.outcome(0, request)).toBe('ok')
  })

  test('the hop limit ends a way, and the sender hears of it', () => {
    const network = line(6, { seed: 5, maxHops: 3, maxSearchHops: 3 })
    let most = 0
    network.tap = (_from, _to, frame) => {
      if (frame[0] === Frame.ROUTED) most = Math.max(most, frame[1] as number)
      return frame
    }
    const near = network.send(0, network.peer(3).id, text('x'))
    const far = network.send(0, network.peer(5).id, text('x'))
    network.elapse(11 * SECONDS)
    expect([network.outcome(0, near), network.outcome(0, far)]).toEqual(['ok', 'no-route'])
    expect(most).toBe(3)
  })

  test('cancel settles with aborted, once; a late receipt changes nothing and is no offence', () => {
    const network = line(4, { seed: 9 })
    network.send(0, network.peer(3).id, text('first'))
    network.elapse(2 * SECONDS)
    const request = network.send(0, network.peer(3).id, text('x'))
    network.elapse(40)
    network.run(0, (routing, out) => routing.cancel(request, out))
    network.run(0, (routing, out) => routing.cancel(request, out))
    network.elapse(5 * SECONDS)
    expect(network.peer(0).settled.get(request)).toMatchObject({ outcome: 'aborted', times: 1 })
    expect(network.peer(3).delivered.length).toBe(2)
    expect(network.peer(0).drops).toEqual([])
  })

  test('stop settles everything with left and leaves nothing; a start goes on without repeating anything', () => {
    const network = line(4, { seed: 9 })
    const linked = network.send(0, network.peer(1).id, text('n'))
    const routed = network.send(0, network.peer(3).id, text('r'))
    const asking = network.send(0, network.peers[2]?.id as Peer['id'], text('a'))
    const { routing } = network.peer(0)
    network.run(0, (machine, out) => machine.stop(network.now, out))
    for (const request of [linked, routed, asking])
      expect(network.peer(0).settled.get(request)).toMatchObject({ outcome: 'left', times: 1 })
    expect(routing.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(routing.stats.tables).toMatchObject({ requests: 0, requestBytes: 0, questions: 0, ways: 0 })
    const before = network.frames
    network.tap = (from, _to, frame) => {
      expect(from).not.toBe(0)
      return frame
    }
    network.elapse(10 * SECONDS)
    expect(network.frames).toBeGreaterThanOrEqual(before)
    const late = network.send(0, network.peer(1).id, text('late'))
    expect(network.outcome(0, late)).toBe('left')
  })

  test('to this peer itself is refused; too large is the caller’s mistake', () => {
    const network = line(2, { seed: 9 })
    const request = network.send(0, network.peer(0).id, text('x'))
    expect(network.outcome(0, request)).toBe('refused')
    expect(() => network.send(0, network.peer(1).id, new Uint8Array(16 * 1024 * 1024 + 1))).toThrow(
      RangeError,
    )
    expect(() => network.send(0, network.peer(1).id, text('x'), { kind: 64 })).toThrow(RangeError)
  })

  test('over the bounds is busy, and settles at once', () => {
    const network = line(4, { seed: 9, maxRequests: 3, maxRequestBytes: 1000 })
    const to = network.peer(3).id
    const requests = [500, 400, 200, 1, 1].map(length => network.send(0, to, new Uint8Array(length)))
    const outcomes = requests.map(request => network.outcome(0, request))
    expect(outcomes).toEqual([undefined, undefined, 'busy', undefined, 'busy'])
    network.elapse(5 * SECONDS)
    expect(network.peer(3).delivered.length).toBe(3)
    expect(network.peer(0).routing.stats.tables).toMatchObject({ requests: 0, requestBytes: 0 })
  })

  test('a thousand messages to one distant peer keep to the window, and all arrive', () => {
    const network = line(4, { seed: 10 })
    network.send(0, network.peer(3).id, text('hello'))
    network.elapse(2 * SECONDS)
    const before = network.frames
    const requests = Array.from({ length: 1000 }, () =>
      network.send(0, network.peer(3).id, new Uint8Array(10)),
    )
    expect(network.frames - before).toBe(ROUTING_LIMITS.maxInFlight)
    network.elapse(60 * SECONDS)
    expect(requests.filter(request => network.outcome(0, request) === 'ok').length).toBe(1000)
    expect(network.peer(3).delivered.length).toBe(1001)
    expect(total(network, peer => peer.routing.stats.retries)).toBeLessThan(50)
  })

  test('a body of a megabyte crosses three links', () => {
    const network = line(4, { seed: 10 })
    const body = network.random.bytes(1_000_000)
    const request = network.send(0, network.peer(3).id, body)
    network.elapse(10 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
    const arrived = network.peer(3).delivered[0]?.body ?? new Uint8Array(0)
    expect(sha256(arrived)).toEqual(sha256(body))
  })
})
