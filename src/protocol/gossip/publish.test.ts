import { describe, expect, test, vi } from 'vitest'
import { encodePrune } from './control.ts'
import { network } from './ledger.test-support.ts'
import { streamId } from './stream.ts'

// Thousands of events on machines that may be busy: the clock inside is virtual, the one outside must not decide.
vi.setConfig({ testTimeout: 60_000 })

describe('sendBroadcast', () => {
  test('settles ok at once without a link', () => {
    const { net } = network({ seed: 51 })
    net.add()
    const request = net.broadcast(0, 'alone')
    net.run(10)
    expect(net.peer(0).settled.get(request)).toBe('ok')
  })

  test('waits for the first link while cut off, and goes over a newcomer to those who were there before', () => {
    const { net } = network({ seed: 59 })
    for (let i = 0; i < 2; i++) net.add()
    const cutOff = net.peer(0)
    cutOff.gossip.cutOff(true)
    const request = net.broadcast(0, 'hello')
    net.run(5000)
    expect(cutOff.settled.has(request)).toBe(false)
    net.add()
    net.link(1, 2)
    net.run(1000)
    net.link(0, 2)
    cutOff.gossip.cutOff(false)
    net.run(5000)
    expect(cutOff.settled.get(request)).toBe('ok')
    for (const index of [1, 2]) expect(net.peer(index).delivered.map(each => each.text)).toEqual(['hello'])
  })

  test('settles timeout when no link comes while it is cut off', () => {
    const { net } = network({ seed: 60 })
    const { gossip, settled } = net.add()
    gossip.cutOff(true)
    const request = net.broadcast(0, 'hello?')
    net.run(21_000)
    expect(settled.get(request)).toBe('timeout')
  })

  test('settles ok when every tree neighbour has acked, not before', () => {
    const { net } = network({ seed: 52, latency: [50, 50] })
    net.fullMesh(3)
    const request = net.broadcast(0, 'hello')
    net.run(90)
    expect(net.peer(0).settled.size).toBe(0)
    net.run(30)
    expect(net.peer(0).settled.get(request)).toBe('ok')
  })

  test('an acked push wakes nobody again', () => {
    const { net } = network({ seed: 52 })
    net.fullMesh(2)
    net.run(5000)
    const { gossip } = net.peer(0)
    net.broadcast(0, 'hello')
    net.run(10)
    expect(gossip.stats.unacked).toBe(1)
    const asking = gossip.deadline
    net.run(asking - net.now - 1)
    expect(gossip.stats.unacked).toBe(0)
    expect(gossip.deadline).toBeGreaterThan(asking)
  })

  test('settles timeout when nobody acks after all questions', () => {
    const { net } = network({ seed: 53 })
    net.fullMesh(3)
    for (const pipe of net.peer(0).pipes.values()) pipe.silent = true
    const request = net.broadcast(0, 'hello?')
    net.run(60_000)
    expect(net.peer(0).settled.get(request)).toBe('timeout')
    expect(net.peer(0).gossip.stats.retries).toBe(10)
    expect(net.peer(0).gossip.stats.requests).toBe(0)
  })

  test('goes to the other links when the tree neighbours go down unacked', () => {
    const { net } = network({ seed: 54 })
    for (let i = 0; i < 4; i++) net.add()
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
      [1, 3],
      [2, 3],
    ] as const)
      net.link(a, b)
    net.run(1000)
    net.broadcast(0, 'first')
    net.run(3000)
    // 2 gets this stream from 1.
    const { a, linkA, linkB } = net.pipe(0, 2)!
    const { key } = net.peer(0)
    net.inject(0, a === 0 ? linkA : linkB, encodePrune([streamId(key, 1_790_000_000_000)]))
    for (const pipe of net.peer(0).pipes.values()) pipe.silent = true
    const request = net.broadcast(0, 'second')
    net.run(200)
    expect(net.peer(0).gossip.stats.unacked).toBe(1)
    expect(net.peer(0).settled.has(request)).toBe(false)
    for (const pipe of net.peer(0).pipes.values()) pipe.silent = false
    net.cut(0, 1)
    net.run(5000)
    expect(net.peer(0).settled.get(request)).toBe('ok')
    expect(net.peer(3).delivered.map(each => each.text)).toEqual(['first', 'second'])
  })

  test('cancel settles aborted, once', () => {
    const { net } = network({ seed: 55 })
    net.fullMesh(2)
    const request = net.broadcast(0, 'x')
    net.turn(net.peer(0), out => net.peer(0).gossip.cancel(request, out))
    net.turn(net.peer(0), out => net.peer(0).gossip.cancel(request, out))
    net.run(5000)
    expect(net.peer(0).settled.get(request)).toBe('aborted')
  })

  test('more than the bound at once is busy', () => {
    const { net } = network({ seed: 56, settings: { maxRequests: 3 } })
    net.fullMesh(2)
    const requests = [0, 1, 2, 3].map(() => net.broadcast(0, 'x'))
    expect(net.peer(0).settled.get(requests[3]!)).toBe('busy')
  })

  test('stop settles everything as left, and nothing is done after it', () => {
    const { net } = network({ seed: 57 })
    net.fullMesh(4)
    net.broadcast(1, 'before')
    net.run(60)
    const request = net.broadcast(0, 'x')
    const peer = net.peer(0)
    net.turn(peer, out => peer.gossip.stop(net.now, out))
    expect(peer.settled.get(request)).toBe('left')
    expect(peer.gossip.deadline).toBe(Number.POSITIVE_INFINITY)
    const { packets } = net
    const out: never[] = []
    peer.gossip.tick(net.now + 100_000, out)
    peer.gossip.signed(0, new Uint8Array(64), net.now, out)
    peer.gossip.verified(0, true, net.now, out)
    for (const link of peer.pipes.keys()) {
      peer.gossip.linkDown(link, net.now, out)
      peer.gossip.linkDrained(link, net.now, out)
    }
    expect(out).toEqual([])
    expect(packets).toBe(net.packets)
    const stats = peer.gossip.stats
    expect([stats.links, stats.messages, stats.historyBytes, stats.held, stats.verifying]).toEqual([
      0, 0, 0, 0, 0,
    ])
  })

  test('a machine that is started again takes part again, and remembers what it has seen', () => {
    const { net, ledger } = network({ seed: 58 })
    net.fullMesh(3)
    ledger.send(0)
    net.run(2000)
    const peer = net.peer(2)
    net.turn(peer, out => peer.gossip.stop(net.now, out))
    for (const other of [0, 1]) net.cut(other, 2)
    net.run(500)
    peer.gossip.start(net.now)
    for (const other of [0, 1]) net.link(other, 2)
    net.run(1000)
    ledger.send(0)
    ledger.send(2)
    net.run(3000)
    expect(ledger.differences()).toEqual([])
  })
})
