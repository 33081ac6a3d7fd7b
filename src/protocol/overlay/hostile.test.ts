import { expect, it } from 'vitest'
import type { PeerId } from '../id.ts'
import { Frame } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { SHUNNED_FOR } from './backoff.ts'
import { GONE_FOR } from './departed.ts'
import { HEARSAY_EVERY, SHUFFLE_IDS } from './exchange.ts'
import { decodeRefuse, encodeAccept, encodeAsk, encodeRefuse, LETTER, REFUSAL, writeIds } from './letters.ts'
import { OverlayNetwork } from './network.testing.ts'
import type { Overlay, OverlayEffect } from './overlay.ts'
import { overlayTables } from './tables.ts'

function grown(n: number, maxPeers: number, seed: number): OverlayNetwork {
  const net = new OverlayNetwork(seed, maxPeers)
  for (let i = 0; i < n; i++) {
    net.join()
    net.run(net.now + 20)
  }
  net.run(net.now + 20_000)
  return net
}

/** What the overlay does about a frame of ids that comes over one of its links. */
function hears(overlay: Overlay, type: number, ids: readonly PeerId[], now: number): OverlayEffect[] {
  const out: OverlayEffect[] = []
  const frame = writeIds(new Writer(64).u8(type), ids).finish()
  const [slot] = overlay.up()
  if (slot === undefined) throw new Error('no link')
  overlay.frame(slot.link, type, new Reader(frame, 1), now, out)
  return out
}

const ask = (session: number) => encodeAsk({ session, ring: true, degree: 0 })

it('a liar who calls everybody gone costs probes, and no link', () => {
  const net = grown(30, 4, 1)
  const [victim] = net.alive()
  if (victim === undefined) throw new Error('nobody joined')
  const before = victim.overlay.up().map(slot => slot.peer)
  for (const other of net.alive()) {
    const effects = hears(victim.overlay, Frame.GONE, [other.id], net.now)
    expect(effects.filter(effect => effect.kind !== 'doubt' && effect.kind !== 'send')).toEqual([])
  }
  expect(victim.overlay.up().map(slot => slot.peer)).toEqual(before)
  net.run(net.now + 30_000)
  expect(net.islands()).toBe(1)
  expect(net.ringGaps()).toBe(0)
})

it('who is said to be gone and asks is taken at its word', () => {
  const net = grown(30, 4, 2)
  const [victim] = net.alive()
  if (victim === undefined) throw new Error('nobody joined')
  const linked = new Set(victim.overlay.up().map(slot => slot.peer))
  const slandered = net.alive().find(({ id }) => !linked.has(id) && victim.overlay.known().has(id))
  if (slandered === undefined) throw new Error('it knows its neighbours only')
  const told = new Set(victim.overlay.up().flatMap(slot => [...(slot.neighbours ?? [])]))
  hears(victim.overlay, Frame.GONE, [slandered.id], net.now)
  expect(victim.overlay.known().has(slandered.id)).toBe(told.has(slandered.id))
  victim.overlay.letter(slandered.id, LETTER.ASK, ask(7), net.now, [])
  expect(victim.overlay.known().has(slandered.id)).toBe(true)
  // From then on hearsay of it is heard again.
  hears(victim.overlay, Frame.SHUFFLED, [slandered.id], net.now)
  expect(victim.overlay.known().has(slandered.id)).toBe(true)
})

it('a lie is forgotten after a while', () => {
  const net = grown(30, 4, 3)
  const [victim] = net.alive()
  if (victim === undefined) throw new Error('nobody joined')
  const everybody = net.alive().map(({ id }) => id)
  for (let i = 0; i < everybody.length; i += 30)
    hears(victim.overlay, Frame.GONE, everybody.slice(i, i + 30), net.now)
  net.run(net.now + GONE_FOR + 1)
  for (let i = 0; i < 30; i += SHUFFLE_IDS) {
    net.run(net.now + HEARSAY_EVERY)
    hears(victim.overlay, Frame.SHUFFLED, everybody.slice(i, i + SHUFFLE_IDS), net.now)
  }
  expect(victim.overlay.known().size).toBe(29)
})

it('a peer that misbehaved is refused and not asked for minutes, then met afresh', () => {
  const net = grown(2, 4, 4)
  const [a, b] = net.alive()
  if (a === undefined || b === undefined) throw new Error('nobody joined')
  const link = a.overlay.up()[0]?.link ?? 0
  a.overlay.close(link, 'misbehaved', net.now, [])
  const asks = (now: number) => {
    const out: OverlayEffect[] = []
    a.overlay.letter(b.id, LETTER.ASK, ask(now), now, out)
    return out
  }
  const [refusal] = asks(net.now + 1)
  expect(refusal).toMatchObject({ kind: 'tell', to: b.id, letter: LETTER.REFUSE })
  if (refusal?.kind === 'tell') expect(decodeRefuse(refusal.body)?.reason).toBe(REFUSAL.POLICY)
  // Nor does it come in by being told of, or by writing something else.
  a.overlay.letter(b.id, LETTER.ACCEPT, encodeAccept(9), net.now + 2, [])
  a.overlay.learn([b.id], net.now + 2)
  for (let now = net.now + 3; now < net.now + SHUNNED_FOR; now += 1000) {
    const out: OverlayEffect[] = []
    a.overlay.tick(now, out)
    expect(out.filter(effect => effect.kind === 'tell')).toEqual([])
  }
  expect(asks(net.now + SHUNNED_FOR + 10).map(effect => effect.kind)).toEqual(['tell', 'open-link'])
})

it('a suspect whose slot is needed is told of as timed out', () => {
  const net = grown(30, 4, 5)
  const victim = net.alive().find(member => member.overlay.up().length >= 3)
  if (victim === undefined) throw new Error('nobody has three links')
  const { overlay } = victim
  for (const slot of overlay.up()) overlay.suspect(slot.link, true, net.now)
  const out: OverlayEffect[] = []
  const strangers = net.alive().filter(({ id }) => id !== victim.id && !overlay.up().some(s => s.peer === id))
  for (const { id } of strangers.slice(0, 4)) overlay.letter(id, LETTER.ASK, ask(1), net.now, out)
  const dropped = out.filter(effect => effect.kind === 'dropped' && effect.wasUp)
  expect(dropped.length).toBeGreaterThan(0)
  for (const effect of dropped) {
    expect(effect).toMatchObject({ reason: 'timeout' })
    if (effect.kind === 'dropped') expect(out).toContainEqual({ kind: 'peer-timeout', peer: effect.peer })
  }
})

it('strangers and eager neighbours do not crowd out what is known', () => {
  const net = grown(30, 4, 7)
  const [victim] = net.alive()
  if (victim === undefined) throw new Error('nobody joined')
  const { overlay } = victim
  const before = overlay.known().size
  for (let i = 0; i < 20; i++) {
    const ids = Array.from({ length: 32 }, () => net.stranger())
    const refusal = encodeRefuse({ session: i, reason: 0, alternatives: ids })
    overlay.letter(net.stranger(), LETTER.REFUSE, refusal, net.now, [])
    hears(overlay, Frame.SHUFFLED, ids, net.now)
  }
  expect(overlay.known().size).toBeLessThanOrEqual(before + SHUFFLE_IDS)
})

it('floods of ids, of whatever kind, leave every table in its bound', () => {
  const net = grown(12, 4, 6)
  const [victim] = net.alive()
  if (victim === undefined) throw new Error('nobody joined')
  const { overlay } = victim
  for (let round = 0; round < 200; round++) {
    const ids = Array.from({ length: 32 }, () => net.stranger())
    const now = net.now + round * HEARSAY_EVERY
    for (const type of [Frame.SHUFFLED, Frame.GONE, Frame.NEIGHBOURS]) hears(overlay, type, ids, now)
    overlay.farewell(ids, net.now)
    for (const id of ids.slice(0, 8)) {
      overlay.letter(id, LETTER.ASK, ask(round), net.now, [])
      const refusal = encodeRefuse({ session: round, reason: 0, alternatives: ids })
      overlay.letter(id, LETTER.REFUSE, refusal, net.now, [])
    }
    overlay.tick(net.now + round * 50, [])
    for (const { table, size, bound } of overlayTables(overlay))
      expect(size, table).toBeLessThanOrEqual(bound)
  }
})
