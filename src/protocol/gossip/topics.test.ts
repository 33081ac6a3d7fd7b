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

  /** Where somebody has not exactly what it wants, in order. */
  differences(peers: readonly Peer[] = this.net.peers, since = 0): string[] {
    const found: string[] = []
    for (const peer of peers) {
      for (const from of new Set(this.sent.map(each => each.from))) {
        if (from === peer.index) continue
        const due = this.sent
          .slice(since)
          .filter(each => each.from === from && this.wants[peer.index]!.covers(each.topic))
        const got = peer.delivered.filter(each => each.from === this.net.peer(from).id)
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
    const { net } = rooms({ seed: 1 })
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
    room.net.run(10_000)
    expect(room.differences()).toEqual([])
    expect(room.net.total('skipped')).toBe(0)
    const pushes = room.net.byType.get(Frame.PUSH) ?? 0
    console.log(pushes, [...room.net.byType].map(([t, n]) => `${t.toString(16)}:${n}`).join(' '), net.seed)
    expect(pushes).toBeLessThan(25 * 25)
  })

  test.each([11, 12, 13, 14])(
    'with 5 %% of all packets lost, nobody misses what it wants (seed %i)',
    seed => {
      const room = rooms({ seed }, 60, 6)
      room.net.loss = 0.05
      for (let i = 0; i < 60; i++) {
        room.send([0, 21, 42][i % 3]!, `t${(i * 7) % 5}`)
        room.net.run(200)
      }
      room.net.run(60_000)
      expect(room.differences()).toEqual([])
      expect(room.net.total('skipped')).toBe(0)
    },
  )
})
