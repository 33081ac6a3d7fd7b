import { describe, expect, test, vi } from 'vitest'
import { TopicSet } from '../topic.ts'
import { Frame } from '../wire/frame.ts'
import { Network, type NetworkOptions, type Peer } from './network.test-support.ts'

// Thousands of events on machines that may be busy: the clock inside is virtual, the one outside must not decide.
vi.setConfig({ testTimeout: 60_000 })

/** A network whose peers want some topics each, and what was sent in it. */
class Rooms {
  readonly net: Network
  readonly wants: TopicSet[] = []
  readonly sent: { readonly from: number; readonly topic: string; readonly text: string }[] = []

  constructor(options: NetworkOptions) {
    this.net = new Network(options)
  }

  interest(index: number, topics: readonly string[]): void {
    this.wants[index] = new TopicSet(topics)
    const peer = this.net.peer(index)
    this.net.turn(peer, out => peer.gossip.interested(topics, [], this.net.now, out))
  }

  /** Topic `t0` … `t4` for every peer in turn; every tenth wants all. */
  share(): void {
    for (const { index } of this.net.peers) this.interest(index, index % 10 === 0 ? ['*'] : [`t${index % 5}`])
  }

  send(from: number, topic: string): void {
    const text = `${from} ${topic} ${this.sent.length} ${'x'.repeat(200)}`
    this.sent.push({ from, topic, text })
    this.net.broadcast(from, text, topic)
  }

  /** Where somebody has not exactly what it wants since some message, in order; some before it, it may have or not. */
  differences(peers: readonly Peer[] = this.net.peers, since = 0, open = since): string[] {
    const found: string[] = []
    const may = new Set(this.sent.slice(open, since).map(each => each.text))
    for (const peer of peers) {
      for (const from of new Set(this.sent.map(each => each.from))) {
        if (from === peer.index) continue
        const due = this.sent
          .slice(since)
          .filter(each => each.from === from && this.wants[peer.index]!.covers(each.topic))
        const got = peer.delivered.filter(each => each.from === this.net.peer(from).id && !may.has(each.text))
        const name = (text: string): string => text.split(' ')[2]!
        const [a, b] = [due.map(each => name(each.text)).join(), got.map(each => name(each.text)).join()]
        if (a !== b) found.push(`seed ${this.net.seed}: ${peer.index} has of ${from} [${b}], not [${a}]`)
      }
    }
    return found
  }
}

function rooms(options: NetworkOptions, count = 40, degree = 5): Rooms {
  const made = new Rooms(options)
  made.net.randomGraph(count, degree)
  made.share()
  return made
}

describe('topics', () => {
  test('reach who is interested, in order, and soon cross few other links', () => {
    const room = rooms({ seed: 1 })
    for (let i = 0; i < 25; i++) {
      room.send(7, `t${i % 5}`)
      room.net.run(300)
    }
    room.net.run(5000)
    room.net.byType.clear()
    for (let i = 0; i < 25; i++) {
      room.send(7, `t${i % 5}`)
      room.net.run(300)
    }
    // Nobody waits for what was held back: the last is everywhere.
    expect(room.differences()).toEqual([])
    room.net.run(10_000)
    expect(room.differences()).toEqual([])
    const pushes = room.net.byType.get(Frame.PUSH) ?? 0
    // To all 39 others it would be 975; 12 are interested in each.
    expect(pushes).toBeLessThan(25 * 20)
  })

  test.each([11, 12, 13, 14])(
    'with a twentieth of all packets lost, nobody misses what it wants (seed %i)',
    seed => {
      const room = rooms({ seed }, 60, 6)
      room.net.loss = 0.05
      for (let i = 0; i < 60; i++) {
        room.send([0, 21, 42][i % 3]!, `t${(i * 7) % 5}`)
        room.net.run(200)
      }
      room.net.run(60_000)
      expect(room.differences()).toEqual([])
    },
  )

  test('nothing more is sent where everybody wants everything', () => {
    const cost = (restrict: boolean): number => {
      const room = new Rooms({ seed: 2 })
      room.net.randomGraph(20, 5)
      if (restrict) for (const { index } of room.net.peers) room.interest(index, ['*'])
      for (let i = 0; i < 10; i++) {
        room.net.broadcast(3, `${i}`, `t${i % 5}`)
        room.net.run(300)
      }
      return room.net.bytes
    }
    expect(cost(true)).toBe(cost(false))
  })

  // What was sent 200 ms before may be under way still, over five links of 50 ms: who has it by a repair is given it.
  const UNDER_WAY = 1
  const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1)
  test.each(SEEDS)(
    'an interest that comes later gets what is sent from then on, and nothing of before (seed %i)',
    seed => {
      const room = rooms({ seed })
      const send = (count: number): void => {
        for (let i = 0; i < count; i++) {
          room.send(7, `t${i % 5}`)
          room.net.run(200)
        }
      }
      send(15)
      for (let i = 1; i < 40; i += 4) room.interest(i, ['t4', 't0'])
      room.net.run(1000)
      for (const peer of room.net.peers) peer.delivered.length = 0
      const since = room.sent.length
      send(20)
      room.net.run(1000)
      expect(room.differences(undefined, since, since - UNDER_WAY)).toEqual([])
    },
  )

  test('a topic nobody wants stays with its sender, whose broadcasts are settled', () => {
    const room = new Rooms({ seed: 4 })
    room.net.randomGraph(20, 4)
    for (const { index } of room.net.peers) room.interest(index, ['other'])
    for (let i = 0; i < 5; i++) {
      room.send(0, 'nobody')
      room.net.run(2000)
    }
    room.net.byType.clear()
    const request = room.net.broadcast(0, 'x', 'nobody')
    room.net.run(3000)
    expect(room.net.byType.get(Frame.PUSH)).toBeUndefined()
    expect(room.net.peer(0).settled.get(request)).toBe('ok')
  })

  test.each([21, 22, 23])('deaths, cuts and newcomers leave nobody without what it wants (seed %i)', seed => {
    const room = rooms({ seed }, 50, 6)
    const dead = new Set([3, 11, 14, 19, 26, 33, 38, 47])
    for (let i = 0; i < 100; i++) {
      room.send([0, 21, 42][i % 3]!, `t${(i * 7) % 5}`)
      room.net.run(200)
      if (i === 40) for (const index of dead) room.net.crash(index, 3000)
      if (i > 60 && i % 5 === 0) {
        const chord = [...room.net.peer(i % 50).pipes.values()].find(pipe => Math.abs(pipe.a - pipe.b) > 1)
        if (chord !== undefined && Math.abs(chord.a - chord.b) !== 49) room.net.cut(chord.a, chord.b)
      }
    }
    room.net.run(60_000)
    expect(room.differences(room.net.peers.filter(peer => !dead.has(peer.index)))).toEqual([])
  })

  test.each([
    ['with other messages between', true],
    ['and nothing else was sent', false],
  ])('a healed cut: what one side wants crosses where nobody next to it wants it, %s', (_, others) => {
    const room = new Rooms({ seed: 5 })
    // 0 … 4 in a row, and 3 – 4 is cut while 0 talks; 1 … 3 do not want what 4 … 6 want, which have each other then.
    for (let i = 0; i < 7; i++) room.net.add()
    for (let i = 0; i < 6; i++) room.net.link(i, i + 1)
    room.net.link(4, 6)
    for (let i = 0; i < 7; i++) room.interest(i, [i >= 4 ? 'far' : 'near'])
    for (let i = 0; i < 3; i++) {
      room.send(0, 'far')
      room.send(0, 'near')
      room.net.run(1000)
    }
    room.net.cut(3, 4)
    room.net.run(1000)
    for (let i = 0; i < 10; i++) {
      room.send(0, 'far')
      if (others && i % 3 === 0) room.send(0, 'near')
      room.net.run(1000)
    }
    room.net.link(3, 4)
    room.net.run(8000)
    expect(room.differences()).toEqual([])
  })

  test('neighbours are told of interests and intents, and of changes no more than one in two seconds', () => {
    const net = new Network({ seed: 6 })
    net.fullMesh(2)
    const told: unknown[] = []
    const [a, b] = [net.peer(0), net.peer(1)]
    const [link] = b.pipes.keys()
    net.onFrame = (_from, _to, frame) => frame[0] === Frame.INTERESTS && told.push(b.gossip.topicsOf(link!))
    for (let i = 0; i < 50; i++) {
      net.turn(a, out => a.gossip.interested([`t${i}`], ['sales/*'], net.now, out))
      net.run(100)
    }
    net.run(3000)
    expect(b.gossip.topicsOf(link!)).toEqual({ interests: ['t49'], intents: ['sales/*'] })
    expect(told.length).toBeLessThanOrEqual(4)
  })
})
