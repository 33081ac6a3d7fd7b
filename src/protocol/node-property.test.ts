import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Input } from './input.ts'
import { type Tab, World } from './node.testing.ts'
import { Frame } from './wire/frame.ts'
import { Writer } from './wire/writer.ts'

const TYPES = Object.values(Frame)
const bytes = fc.uint8Array({ maxLength: 200 })
const small = fc.integer({ min: 0, max: 40 })

/** Frames that begin as real ones do. */
const frame = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...TYPES), bytes).map(([type, rest]) => Uint8Array.of(type, ...rest)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...TYPES), fc.uint8Array({ maxLength: 4 }))
      .map(([type, rest]) => Uint8Array.of(type, ...rest)),
  },
)

const bundle = fc.array(frame, { maxLength: 30 }).map(frames => {
  const writer = new Writer().u8(0)
  for (const each of frames) writer.block(each)
  return writer.finish()
})
const fragment = fc
  .tuple(small, fc.nat(20_000_000), fc.nat(300), bytes)
  .map(([id, total, offset, part]) =>
    new Writer().u8(1).varint(id).varint(total).varint(offset).bytes(part).finish(),
  )
const packet = fc.oneof(
  { weight: 1, arbitrary: bytes },
  { weight: 5, arbitrary: bundle },
  { weight: 1, arbitrary: fragment },
)

/** Inputs in which links, peers and requests are small numbers: most of them name something. */
const input = (ids: readonly Tab[]): fc.Arbitrary<Input> => {
  const peer = fc.constantFrom(...ids.map(tab => tab.id))
  const token = fc.record({
    machine: fc.constantFrom('gossip' as const, 'routing' as const, 'handshake' as const),
    n: small,
  })
  const sample = fc.array(
    fc.record({ id: peer, record: fc.oneof(bytes, fc.constantFrom(...ids.map(tab => tab.record))) }),
    {
      maxLength: 5,
    },
  )
  const only = <K extends Input['kind']>(kind: K) => fc.constant(kind)
  return fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: only('packet'), link: small, bytes: packet }) },
    { weight: 2, arbitrary: fc.record({ kind: only('envelope'), bytes }) },
    { weight: 2, arbitrary: fc.record({ kind: only('tick') }) },
    fc.record({
      kind: only('link-closed'),
      link: small,
      reason: fc.constantFrom('closed' as const, 'failed' as const),
    }),
    fc.record({ kind: only('link-taken'), link: small }),
    fc.record({ kind: only('link-full'), link: small }),
    fc.record({ kind: only('link-drained'), link: small }),
    fc.record({ kind: only('link-signal'), link: small, data: fc.string() }),
    fc.record({ kind: only('peer-left'), peer }),
    fc.record({ kind: only('sample'), sample }),
    fc.record({ kind: only('signaling-up'), sample }),
    fc.record({ kind: only('signaling-down') }),
    fc.record({ kind: only('signed'), token, signature: bytes }),
    fc.record({ kind: only('verified'), token, ok: fc.boolean() }),
    fc.record({ kind: only('cancel'), request: small }),
    fc.record({ kind: only('leave') }),
    fc.record({ kind: only('join'), bootstrap: fc.array(peer, { maxLength: 2 }) }),
  )
}

describe('whatever comes in', () => {
  // One swarm for all runs: what a run leaves behind is the next one's beginning, until the victim has taken everybody
  // for a misbehaver and nobody is left to link to. Every swarm has the same peers.
  let world = new World(1)
  let tabs = world.swarm(5, { maxPeers: 3 })
  let victim = tabs[0] as Tab
  let request = 1000
  let asked: number[] = []
  let packets = 0

  it('never throws, never passes maxPeers, never shouts', { timeout: 30_000 }, () => {
    const step = fc.record({ input: input(tabs), wait: fc.constantFrom(0, 0, 1, 50, 700), app: fc.nat(9) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), steps => {
        if (victim.node.state === 'left') victim.join()
        world.run(600)
        if (victim.node.links().length === 0) {
          world = new World(1)
          tabs = world.swarm(5, { maxPeers: 3 })
          victim = tabs[0] as Tab
          asked = []
        }
        for (const { input, wait, app } of steps) {
          // Small numbers stand for the links that are up, one in five for others.
          const links = victim.node.links().map(each => each.link)
          const link =
            'link' in input && input.link < 32 ? links[input.link % Math.max(1, links.length)] : undefined
          const given = link === undefined ? input : { ...input, link }
          if (given.kind === 'packet' && link !== undefined) packets++
          if (given.kind === 'link-closed') victim.close(given.link, given.reason)
          const effects = victim.input(given)
          // A packet of n bytes has at most n / 2 frames; the rest of the world is small.
          const room = 100 + (given.kind === 'packet' ? 2 * given.bytes.length : 0)
          expect(effects.length, given.kind).toBeLessThan(room)
          if (app < 2) asked.push(++request)
          if (app === 0) victim.input({ kind: 'broadcast', request, topic: 't', body: new Uint8Array(9) })
          if (app === 1) {
            const to = (tabs[1] as Tab).id
            victim.input({ kind: 'send', request, to, body: new Uint8Array(9), timeout: 900 })
          }
          world.run(wait)
        }
      }),
      { numRuns: 70 },
    )
    // Enough of it met a link that was up.
    expect(packets).toBeGreaterThan(80)
  })

  it('and the swarm is whole again when it stops', () => {
    victim.input({ kind: 'leave' })
    world.run(1000)
    victim.join()
    world.run(40_000)
    const text = 'after all'
    const from = tabs[2] as Tab
    from.broadcast(text)
    world.run(3000)
    for (const tab of tabs)
      if (tab !== from) expect(tab.heard.filter(heard => heard === text)).toHaveLength(1)
    expect(victim.node.state).toBe('connected')
    expect(victim.neighbours.length).toBeGreaterThan(0)
    expect(asked.filter(number => !victim.outcomes.has(number))).toEqual([])
  })
})
