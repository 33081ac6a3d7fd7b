import { expect, it } from 'vitest'
import { clockwise, idFromBytes, type PeerId } from '../id.ts'
import { decodeAsk, encodeAsk, encodeRefuse, LETTER, REFUSAL } from './letters.ts'
import { seeded } from './network.testing.ts'
import { Overlay, type OverlayEffect } from './overlay.ts'

/** A peer with six neighbours, and others in the order of the ring that it knows nothing of yet. */
class Lone {
  readonly random = seeded(1)
  readonly id = idFromBytes(this.random.bytes(32))
  readonly others: PeerId[]
  readonly overlay: Overlay
  now = 1000
  private session = 1
  private readonly out: OverlayEffect[] = []

  constructor() {
    const ids = Array.from({ length: 20 }, () => idFromBytes(this.random.bytes(32)))
    this.others = ids.sort((a, b) => clockwise(this.id, a) - clockwise(this.id, b))
    this.overlay = new Overlay({
      id: this.id,
      maxPeers: 8,
      kademliaK: 20,
      connectTimeout: 10_000,
      random: this.random,
    })
    this.overlay.join([], this.now)
    for (const at of [7, 8, 9, 10, 11, 12]) this.link(at)
  }

  /** A neighbour. */
  link(at: number): number {
    this.ask(at)
    const opened = this.out.findLast(effect => effect.kind === 'open-link')
    if (opened?.kind !== 'open-link') throw new Error('not taken')
    this.overlay.linkUp(opened.link, this.now, this.out)
    return opened.link
  }

  /** Another peer asks for a ring slot; the letter that it gets. */
  ask(at: number): number | undefined {
    const from = this.others[at] as PeerId
    const body = encodeAsk({ session: this.session++, ring: true, degree: 4 })
    this.overlay.letter(from, LETTER.ASK, body, this.now, this.out)
    const answer = this.out.findLast(effect => effect.kind === 'tell' && effect.to === from)
    return answer?.kind === 'tell' ? answer.letter : undefined
  }

  /** Who is asked for a ring slot within `ms`, as places on the ring. */
  asked(ms: number): number[] {
    this.out.length = 0
    const until = this.now + ms
    while (this.overlay.deadline <= until) {
      this.now = Math.max(this.now, this.overlay.deadline)
      this.overlay.tick(this.now, this.out)
    }
    this.now = until
    return this.out.flatMap(effect =>
      effect.kind === 'tell' && effect.letter === LETTER.ASK && decodeAsk(effect.body)?.ring
        ? this.others.indexOf(effect.to)
        : [],
    )
  }

  /** The one that was asked says no. */
  refuse(at: number): void {
    const from = this.others[at] as PeerId
    const asked = this.out.findLast(
      effect => effect.kind === 'tell' && effect.letter === LETTER.ASK && effect.to === from,
    )
    if (asked?.kind !== 'tell') throw new Error('not asked')
    const session = decodeAsk(asked.body)?.session ?? 0
    const body = encodeRefuse({ session, reason: REFUSAL.FULL, alternatives: [] })
    this.overlay.letter(from, LETTER.REFUSE, body, this.now, this.out)
  }

  learn(...places: number[]): void {
    this.overlay.learn(
      places.map(at => this.others[at] as PeerId),
      this.now,
    )
  }
}

it.each([
  [2000, 2, 'is not waited for: those behind are asked first'],
  [12_000, 0, 'is asked in its turn: it had only been cut off, and those behind may refuse without end'],
])('who has failed, %i ms later, %i being the first to be asked, %s', (later, first) => {
  const peer = new Lone()
  peer.learn(0)
  // It is silent until it is given up, and then until its wait is over.
  expect(peer.asked(3500)).toContain(0)
  peer.now += later
  peer.learn(2)
  expect(peer.asked(0)[0]).toBe(first)
})

it('who asks is there: whom this peer asks itself after a loss holds no place against it', () => {
  const peer = new Lone()
  const lost = peer.link(1)
  peer.overlay.linkDown(lost, 'timeout', peer.now, [])
  peer.learn(0, 2)
  expect(peer.asked(300)).toContain(0)
  // The table is as full as it is to be, and the one that is asked stands nearer.
  expect(peer.ask(3)).toBe(LETTER.ACCEPT)
})

it('an answer by the server is waited for no longer because the mesh is slow', () => {
  const peer = new Lone()
  peer.learn(5)
  for (let i = 0; i < 4; i++) {
    expect(peer.asked(1500), `ask ${i}`).toContain(5)
    peer.refuse(5)
    peer.asked(400)
  }
  const lost = peer.link(6)
  peer.overlay.linkDown(lost, 'timeout', peer.now, [])
  peer.learn(0)
  // It asks by the server now, and then the one behind.
  expect(peer.asked(700)).toEqual([0, 5])
})
