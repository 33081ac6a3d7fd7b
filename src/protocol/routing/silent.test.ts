/** Peers that take what they should pass on and keep it to themselves: nobody is told, and no link seems bad. */
import { describe, expect, test, vi } from 'vitest'
import { Frame } from '../wire/frame.ts'
import { Course } from './compass.ts'
import { writeStranger } from './envelope.ts'
import { writeTransit } from './frames.ts'
import { TestNetwork } from './network.test-support.ts'

vi.setConfig({ testTimeout: 60_000 })
const SECONDS = 1000
const BODY = new Uint8Array(100)

/** Whether a frame is on its way for others: the second byte counts the links crossed, this one included. */
const isPassedOn = (frame: Uint8Array): boolean =>
  (frame[0] === Frame.ROUTED || frame[0] === Frame.BOUNCED) && (frame[1] as number) > 1

function muzzle(network: TestNetwork, silent: ReadonlySet<number>): void {
  network.tap = (from, _to, frame) => (silent.has(from) && isPassedOn(frame) ? undefined : frame)
}

/** From 0 to the last peer there is one way past each of `relays` peers, all of them two links long. */
function parallel(relays: number, seed: number): TestNetwork {
  const network = new TestNetwork({ seed })
  for (let i = 0; i < relays + 2; i++) network.addPeer()
  for (let i = 1; i <= relays; i++) {
    network.link(0, i)
    network.link(i, relays + 1)
  }
  network.tellNeighbours()
  return network
}

/** Whether honest peers lead from one to the other. */
function isConnected(network: TestNetwork, from: number, to: number, silent: ReadonlySet<number>): boolean {
  const queue = [from]
  const seen = new Set(queue)
  for (const at of queue)
    for (const next of network.peer(at).links.keys()) {
      if (next === to) return true
      if (seen.has(next) || silent.has(next)) continue
      seen.add(next)
      queue.push(next)
    }
  return false
}

describe('silent peers', () => {
  test('five of six on the way: the second attempt goes past all of them at once', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const network = parallel(6, seed)
      const honest = 1 + (seed % 6)
      muzzle(network, new Set([1, 2, 3, 4, 5, 6].filter(i => i !== honest)))
      const request = network.send(0, network.peer(7).id, BODY)
      network.elapse(10 * SECONDS)
      expect(network.outcome(0, request), `seed ${seed}`).toBe('ok')
      expect(network.peer(7).delivered).toHaveLength(1)
      // A second until the question is repeated, as long until the letter is, and their journeys.
      expect(network.peer(0).settled.get(request)?.at).toBeLessThan(3.5 * SECONDS)
    }
  })

  test.each([0.1, 0.2])('%f of a swarm keep no letter from whom honest peers lead to', share => {
    const network = TestNetwork.swarm(60, 7, { seed: 5 })
    const silent = new Set<number>()
    for (let i = 0; i < 60; i++) if (network.random.u32() / 2 ** 32 < share) silent.add(i)
    muzzle(network, silent)
    const honest = network.peers.map((_, i) => i).filter(i => !silent.has(i))
    const sent: (readonly [from: number, request: number])[] = []
    for (let i = 0; i < 200; i++) {
      const from = network.pick(honest) as number
      const to = network.pick(honest) as number
      if (from !== to && isConnected(network, from, to, silent))
        sent.push([from, network.send(from, network.peer(to).id, BODY)])
      network.elapse(20)
    }
    network.elapse(15 * SECONDS)
    expect(
      sent.map(([from, request]) => network.outcome(from, request)).filter(outcome => outcome !== 'ok'),
    ).toEqual([])
  })

  test.each([1, 2])('are taken last once they have swallowed enough: %i of two', silent => {
    const network = parallel(2, 3)
    const target = network.peer(3).id
    muzzle(network, new Set([silent]))
    for (let i = 0; i < 20; i++) {
      network.send(0, target, BODY)
      network.elapse(3 * SECONDS)
    }
    expect(network.peer(3).delivered).toHaveLength(20)
    const { frames } = network
    const request = network.send(0, target, BODY)
    network.elapse(200)
    expect(network.outcome(0, request)).toBe('ok')
    // There and back over two links, and TAKEN on each.
    expect(network.frames - frames).toBeLessThanOrEqual(8)
  })

  test('are taken first again once they pass something on', () => {
    const network = parallel(2, 3)
    muzzle(network, new Set([1]))
    for (let i = 0; i < 20; i++) {
      network.send(0, network.peer(3).id, BODY)
      network.elapse(3 * SECONDS)
    }
    muzzle(network, new Set([2]))
    // To the other end both are as good as ever; 1 is the first of equals.
    network.send(3, network.peer(0).id, BODY)
    network.elapse(5 * SECONDS)
    expect(network.peer(0).delivered).toHaveLength(1)
    for (let i = 0; i < 20; i++) {
      network.send(0, network.peer(3).id, BODY)
      network.elapse(3 * SECONDS)
    }
    expect(network.peer(3).delivered).toHaveLength(40)
  })

  test('a letter that is large goes once at a time', () => {
    const network = parallel(4, 2)
    network.send(0, network.peer(5).id, BODY)
    network.elapse(5 * SECONDS)
    let bytes = 0
    network.tap = (from, _to, frame) => {
      if (from !== 0) return isPassedOn(frame) ? undefined : frame
      bytes += frame.length
      return frame
    }
    network.send(0, network.peer(5).id, new Uint8Array(200_000))
    network.elapse(2 * SECONDS)
    expect(bytes).toBeLessThan(3 * 201_000)
  })

  test('who asks to be told who writes is not silent: the letter goes once more, and not by every link', () => {
    const network = parallel(4, 2)
    network.send(0, network.peer(5).id, BODY)
    network.elapse(5 * SECONDS)
    const sent: { readonly to: number; readonly frame: Uint8Array }[] = []
    network.tap = (from, to, frame) => {
      if (from === 0 && frame[0] === Frame.ROUTED) sent.push({ to, frame })
      return from === 0 ? undefined : frame
    }
    network.send(0, network.peer(5).id, BODY)
    const { to, frame } = sent[0] as { to: number; frame: Uint8Array }
    const way = frame.slice(37, 43).reduce((sum, byte) => sum * 256 + byte, 0)
    const stranger = writeStranger(network.peer(0).id, way)
    const transit = { hops: 2, course: Course.NEAREST, budget: 4, marks: [], envelope: stranger }
    network.inject(0, network.peer(0).links.get(to) as number, writeTransit(Frame.ROUTED, transit, 1000))
    expect(sent).toHaveLength(2)
  })
})
