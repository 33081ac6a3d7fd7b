import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Effect } from '../effect.ts'
import type { PeerId } from '../id.ts'
import { seeded } from '../overlay/network.testing.ts'
import { encodeRecord, idOfKey, recordToSign } from '../record.ts'
import { Reader } from '../wire/reader.ts'
import { type Greeting, Handshake } from './handshake.ts'

const SWARM = new Uint8Array(32).fill(5)
const BINDING = new Uint8Array(64).fill(9)
const LINK = 3

/** A signature anyone with the public key can make: the handshake asks for answers, it does not care whose. */
function stamp(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(key).update(bytes).digest())
}

class Side {
  readonly key: Uint8Array
  readonly id: PeerId
  readonly handshake: Handshake
  readonly sent: Uint8Array[] = []
  greeting: Greeting | undefined

  constructor(seed: number, swarm = SWARM) {
    const random = seeded(seed)
    this.key = random.bytes(32)
    this.id = idOfKey(this.key)
    const boxKey = random.bytes(32)
    const record = encodeRecord(
      this.key,
      boxKey,
      1000,
      stamp(this.key, recordToSign(swarm, this.key, boxKey, 1000)),
    )
    this.handshake = new Handshake({ id: this.id, record, discoveryKey: swarm, random })
  }

  open(peer: PeerId, binding = BINDING): void {
    this.take(out => this.handshake.open(LINK, peer, binding, 0, out))
  }

  receive(frame: Uint8Array): void {
    this.take(out => this.note(this.handshake.frame(LINK, frame[0] as number, new Reader(frame, 1), out)))
  }

  tick(now: number): void {
    this.take(out => this.handshake.tick(now, out))
  }

  early(): void {
    this.take(out => this.handshake.early(LINK, out))
  }

  private note(greeting: Greeting | undefined): void {
    if (greeting !== undefined) this.greeting = greeting
  }

  private take(run: (out: Effect[]) => void): void {
    const out: Effect[] = []
    run(out)
    for (const effect of out) {
      if (effect.kind === 'send') this.sent.push(effect.frame)
      if (effect.kind === 'sign') {
        this.take(more =>
          this.note(this.handshake.signed(effect.token.n, stamp(this.key, effect.bytes), more)),
        )
      }
      if (effect.kind === 'verify') {
        const ok = Buffer.compare(stamp(effect.key, effect.bytes), effect.signature) === 0
        this.note(this.handshake.verified(effect.token.n, ok))
      }
    }
  }
}

/** Carries frames to and fro until nobody has anything to say; `tamper` sees each. */
function converse(
  a: Side,
  b: Side,
  tamper: (frame: Uint8Array, from: Side) => Uint8Array | undefined = frame => frame,
) {
  for (let turn = 0; turn < 20 && (a.sent.length > 0 || b.sent.length > 0); turn++) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const frame of from.sent.splice(0)) {
        const passed = tamper(frame, from)
        if (passed !== undefined) to.receive(passed)
      }
    }
  }
}

describe('the handshake', () => {
  it('brings both sides up, each knowing the other', () => {
    const [a, b] = [new Side(1), new Side(2)]
    a.open(b.id)
    b.open(a.id)
    converse(a, b)
    expect(a.greeting).toMatchObject({ kind: 'up', link: LINK, record: { id: b.id } })
    expect(b.greeting).toMatchObject({ kind: 'up', link: LINK, record: { id: a.id } })
    expect(a.handshake.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  it('refuses somebody in the middle: the two connections have other fingerprints', () => {
    const [a, b] = [new Side(1), new Side(2)]
    a.open(b.id, new Uint8Array(64).fill(1))
    b.open(a.id, new Uint8Array(64).fill(2))
    converse(a, b)
    expect(a.greeting).toMatchObject({ kind: 'failed', drop: 'bad-binding' })
    expect(b.greeting).toMatchObject({ kind: 'failed', drop: 'bad-binding' })
  })

  it('refuses somebody in the middle who rewrites the tags', () => {
    const [a, b] = [new Side(1), new Side(2)]
    a.open(b.id, new Uint8Array(64).fill(1))
    b.open(a.id, new Uint8Array(64).fill(2))
    const tags = new Map<Side, Uint8Array>()
    for (const side of [a, b]) tags.set(side, (side.sent[0] as Uint8Array).slice(6, 10))
    converse(a, b, (frame, from) => {
      if (frame[0] !== 1) return frame
      const copy = frame.slice()
      copy.set(tags.get(from === a ? b : a) as Uint8Array, 6)
      return copy
    })
    expect(a.greeting).toMatchObject({ kind: 'failed', drop: 'bad-signature' })
    expect(b.greeting).toMatchObject({ kind: 'failed', drop: 'bad-signature' })
  })

  it('refuses another swarm, and a peer that was not dialled', () => {
    const [a, b] = [new Side(1), new Side(2, new Uint8Array(32).fill(6))]
    a.open(b.id)
    b.open(a.id)
    converse(a, b)
    expect(a.greeting).toMatchObject({ kind: 'failed', drop: 'wrong-swarm' })

    const [c, d] = [new Side(3), new Side(4)]
    c.open(new Side(5).id)
    d.open(c.id)
    converse(c, d)
    expect(c.greeting).toMatchObject({ kind: 'failed', drop: 'bad-record' })
  })

  it('refuses a replayed AUTH: the nonce is another', () => {
    const [a, b] = [new Side(1), new Side(2)]
    const heard: Uint8Array[] = []
    a.open(b.id)
    b.open(a.id)
    converse(a, b, (frame, from) => {
      if (from === a) heard.push(frame.slice())
      return frame
    })
    // The same keys as before, but a connection of its own, and so a nonce of its own.
    const victim = new Side(2)
    victim.open(a.id)
    victim.handshake.close(LINK)
    victim.open(a.id)
    for (const frame of heard) victim.receive(frame)
    expect(victim.greeting).toMatchObject({ kind: 'failed', drop: 'bad-signature' })
  })

  it('comes up although every frame is lost once', () => {
    const [a, b] = [new Side(1), new Side(2)]
    const lost = new Set<string>()
    a.open(b.id)
    b.open(a.id)
    for (let now = 0; now < 20_000 && (a.greeting === undefined || b.greeting === undefined); now += 1000) {
      converse(a, b, (frame, from) => {
        const key = `${from === a}${frame[0]}`
        if (lost.has(key)) return frame
        lost.add(key)
        return undefined
      })
      a.tick(now)
      b.tick(now)
    }
    expect(a.greeting?.kind).toBe('up')
    expect(b.greeting?.kind).toBe('up')
  })

  it('repeats itself for a HELLO after it is up, and stops when nobody can need it any more', () => {
    const [a, b] = [new Side(1), new Side(2)]
    a.open(b.id)
    b.open(a.id)
    converse(a, b)
    for (let i = 0; i < 1000; i++) a.receive(Uint8Array.of(1))
    expect(a.sent.map(frame => frame[0])).toEqual(new Array(8).fill([1, 2]).flat())
  })

  it('asks for a lost AUTH as soon as the other side speaks as one that is up, and not for ever', () => {
    const [a, b] = [new Side(1), new Side(2)]
    a.open(b.id)
    b.open(a.id)
    a.receive(b.sent[0] as Uint8Array)
    b.receive(a.sent[0] as Uint8Array)
    // B has the AUTH of A, which lacks that of B.
    b.receive(a.sent.at(-1) as Uint8Array)
    expect(b.greeting?.kind).toBe('up')
    const before = { a: a.sent.length, b: b.sent.length }
    a.early()
    b.receive(a.sent.at(-1) as Uint8Array)
    for (const frame of b.sent.slice(before.b)) a.receive(frame)
    expect(a.greeting?.kind).toBe('up')
    const c = new Side(3)
    c.open(b.id)
    for (let i = 0; i < 100; i++) c.early()
    expect(c.sent.length).toBeLessThan(12)
  })

  it('garbage fails the link and never throws', () => {
    for (const bytes of [[1], [1, 1, 2, 3], [2], [1, 99, ...new Array(200).fill(0)]]) {
      const a = new Side(1)
      a.open(new Side(2).id)
      a.receive(Uint8Array.from(bytes))
      expect(a.greeting).toMatchObject({ kind: 'failed', drop: 'malformed' })
    }
  })
})
