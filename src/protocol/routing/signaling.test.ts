import { describe, expect, test } from 'vitest'
import { TestNetwork } from './network.test-support.ts'
import type { Sending } from './routing.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const SECONDS = 1000
const letter = (via: Sending['via'], receipt = true): Partial<Sending> => ({ kind: 5, via, receipt })

/** Two peers that know each other's record, as from a sample, and no link. */
function strangers(seed: number): TestNetwork {
  const network = new TestNetwork({ seed })
  network.addPeer()
  network.addPeer()
  network.setSignaling(true)
  for (const [one, other] of [
    [0, 1],
    [1, 0],
  ] as const)
    network.run(one, (routing, out) => routing.learn(network.peer(other).record, network.now, out))
  network.elapse(10)
  return network
}

function linked(seed: number): TestNetwork {
  const network = strangers(seed)
  const middle = network.addPeer()
  network.link(0, middle)
  network.link(middle, 1)
  network.tellNeighbours()
  network.setSignaling(true)
  return network
}

describe('letters through the signaling server', () => {
  test('arrive sealed, with their sender proven, and are receipted the same way', () => {
    const network = strangers(1)
    const request = network.send(0, network.peer(1).id, text('an offer'), letter('signaling'))
    network.elapse(1 * SECONDS)
    expect(network.peer(1).letters).toMatchObject([
      { from: network.peer(0).id, letter: 5, hops: 0, via: 'signaling', record: network.peer(0).record },
    ])
    expect(network.peer(1).letters[0]?.body).toEqual(text('an offer'))
    expect(network.outcome(0, request)).toBe('ok')
    expect(network.envelopes.length).toBe(2)
  })

  test('of the application’s data there are none', () => {
    const network = strangers(2)
    const request = network.send(0, network.peer(1).id, text('data'), { via: 'signaling' })
    network.elapse(9 * SECONDS)
    expect(network.outcome(0, request)).toBe('no-route')
    expect(network.envelopes).toEqual([])
  })

  test('a peer without a link asks there who the other is', () => {
    const network = new TestNetwork({ seed: 3 })
    network.addPeer()
    network.addPeer()
    network.setSignaling(true)
    const request = network.send(0, network.peer(1).id, text('who are you?'), letter('any'))
    network.elapse(2 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
  })

  test('for somebody else are not for us; garbage is malformed', () => {
    const network = strangers(4)
    network.send(0, network.peer(1).id, text('x'), letter('signaling'))
    const [envelope] = network.envelopes
    network.run(0, (routing, out) => routing.envelope(envelope?.bytes ?? new Uint8Array(0), network.now, out))
    network.run(0, (routing, out) => routing.envelope(new Uint8Array(7), network.now, out))
    expect(network.peer(0).drops).toEqual(['not-for-us', 'malformed'])
  })

  test('that a server alters or repeats do not open, or change nothing', () => {
    const network = strangers(5)
    network.send(0, network.peer(1).id, text('x'), letter('signaling'))
    network.elapse(1 * SECONDS)
    const bytes = network.envelopes[0]?.bytes ?? new Uint8Array(0)
    const altered = bytes.slice()
    altered[altered.length - 1] = (altered[altered.length - 1] ?? 0) ^ 1
    for (const each of [bytes, altered, bytes])
      network.run(1, (routing, out) => routing.envelope(each, network.now, out))
    expect(network.peer(1).letters.length).toBe(1)
    expect(network.peer(1).drops).toEqual(['bad-seal'])
  })
})

describe('which road a letter takes', () => {
  test('any: the mesh, while there is a link', () => {
    const network = linked(10)
    const request = network.send(0, network.peer(1).id, text('x'), letter('any'))
    network.elapse(1 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
    expect(network.peer(1).letters[0]).toMatchObject({ via: 'mesh', hops: 2 })
    expect(network.envelopes).toEqual([])
  })

  test('any: the server when the mesh has said no-route twice, without a receipt being asked for', () => {
    const network = linked(11)
    network.cut(2, 1)
    network.tellNeighbours()
    network.send(0, network.peer(1).id, text('x'), letter('any', false))
    network.elapse(600)
    expect(network.peer(1).letters[0]).toMatchObject({ via: 'signaling' })
  })

  test('any: the server when the mesh is silent', () => {
    const network = linked(12)
    network.tap = () => undefined
    const request = network.send(0, network.peer(1).id, text('x'), letter('any'))
    network.elapse(3 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
    expect(network.peer(1).letters.length).toBe(1)
  })

  test('signaling: the server, though there is a way through the mesh', () => {
    const network = linked(13)
    network.send(0, network.peer(1).id, text('x'), letter('signaling'))
    network.elapse(1 * SECONDS)
    expect(network.peer(1).letters[0]).toMatchObject({ via: 'signaling' })
  })

  test('signaling: the mesh while the server is down', () => {
    const network = linked(14)
    network.setSignaling(false)
    const request = network.send(0, network.peer(1).id, text('x'), letter('signaling'))
    network.elapse(1 * SECONDS)
    expect(network.outcome(0, request)).toBe('ok')
    expect(network.peer(1).letters[0]).toMatchObject({ via: 'mesh' })
  })

  test('to a neighbour: its link, and unsealed', () => {
    const network = linked(15)
    network.send(0, network.peer(2).id, text('x'), letter('signaling'))
    network.elapse(1 * SECONDS)
    expect(network.peer(2).letters[0]).toMatchObject({ via: 'link', hops: 1, letter: 5 })
  })
})
