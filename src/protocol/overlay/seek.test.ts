/**
 * A gap in the ring is closed by those at its edges, who know nothing of each other and of nobody between them; and what
 * strangers say about it costs little.
 */
import { describe, expect, it } from 'vitest'
import { clockwise, idFromBytes, idToBytes, type PeerId } from '../id.ts'
import type { LinkId } from '../input.ts'
import { Frame } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { encodeAsk, LETTER, writeIds } from './letters.ts'
import { seeded } from './network.testing.ts'
import { Overlay, type OverlayEffect } from './overlay.ts'

const SEED = 5

/** A peer, and others in the order of the ring. */
class Peer {
  readonly random = seeded(SEED)
  readonly id = idFromBytes(this.random.bytes(32))
  readonly others: PeerId[]
  readonly overlay: Overlay
  readonly links = new Map<number, LinkId>()
  readonly now = 1000
  out: OverlayEffect[] = []

  constructor(neighbours: readonly number[]) {
    const ids = Array.from({ length: 20 }, () => idFromBytes(this.random.bytes(32)))
    this.others = ids.sort((a, b) => clockwise(this.id, a) - clockwise(this.id, b))
    const config = { id: this.id, maxPeers: 8, kademliaK: 20, connectTimeout: 10_000, random: this.random }
    this.overlay = new Overlay(config)
    this.overlay.join([], this.now)
    for (const [session, at] of neighbours.entries()) {
      const body = encodeAsk({ session, ring: true, degree: 4 })
      this.overlay.letter(this.at(at), LETTER.ASK, body, this.now, this.out)
      const opened = this.out.findLast(effect => effect.kind === 'open-link')
      if (opened?.kind !== 'open-link') throw new Error(`not taken, seed ${SEED}`)
      this.links.set(at, opened.link)
      this.overlay.linkUp(opened.link, this.now, this.out)
    }
    this.out = []
  }

  at(place: number): PeerId {
    return this.others[place] as PeerId
  }

  hear(from: number, type: number, content: Uint8Array): ReturnType<Overlay['frame']> {
    const link = this.links.get(from) as LinkId
    return this.overlay.frame(link, type, new Reader(content), this.now, this.out)
  }

  sought(from: number, id: PeerId, side: number): ReturnType<Overlay['frame']> {
    return this.hear(from, Frame.SEEK, Uint8Array.of(...idToBytes(id), side))
  }

  tells(from: number, ids: readonly PeerId[]): void {
    this.hear(from, Frame.NEIGHBOURS, writeIds(new Writer(700), ids).finish())
  }

  /** Whom SEEK went to, as places, with whom it is for and the side. */
  passed(): unknown[] {
    return this.out.flatMap(effect => {
      if (effect.kind !== 'send' || effect.frame[0] !== Frame.SEEK) return []
      const to = [...this.links].find(([, link]) => link === effect.link)?.[0]
      return [[to, idFromBytes(effect.frame.subarray(1, 33)), effect.frame[33]]]
    })
  }

  asked(): number[] {
    return this.out.flatMap(effect =>
      effect.kind === 'tell' && effect.letter === LETTER.ASK ? [this.others.indexOf(effect.to)] : [],
    )
  }
}

describe('a peer', () => {
  it('seeks past a ring neighbour that fell silent, by the nearest that is left', () => {
    const peer = new Peer([0, 6, 12, 19])
    peer.tells(6, [peer.at(3), peer.id])
    peer.tells(19, [peer.id])
    peer.overlay.suspect(peer.links.get(0) as LinkId, true, peer.now)
    peer.overlay.tick(peer.now, peer.out)
    expect(peer.passed()).toEqual([[6, peer.id, 1]])
  })

  it('seeks nobody where the nearest that is left tells of nobody nearer', () => {
    const peer = new Peer([0, 6, 12, 19])
    peer.tells(6, [peer.at(9), peer.id])
    peer.tells(19, [peer.id])
    peer.overlay.suspect(peer.links.get(0) as LinkId, true, peer.now)
    peer.overlay.tick(peer.now, peer.out)
    expect(peer.passed()).toEqual([])
  })

  it('passes on what a nearer neighbour may answer, and never to whom is sought for', () => {
    const peer = new Peer([0, 6, 12, 19])
    expect(peer.sought(6, peer.at(10), 1)).toBeUndefined()
    expect(peer.sought(0, peer.at(12), 0)).toBeUndefined()
    expect(peer.passed()).toEqual([
      [12, peer.at(10), 1],
      [6, peer.at(12), 0],
    ])
  })

  it('asks who seeks it for a link where nobody is nearer, once', () => {
    const peer = new Peer([0, 6, 12])
    for (let i = 0; i < 3; i++) peer.sought(6, peer.at(17), 1)
    expect(peer.asked()).toEqual([17])
    expect(peer.passed()).toEqual([])
  })

  it('asks nobody who is farther than its ring, and one of many that are made up', () => {
    const peer = new Peer([0, 6, 12, 19])
    peer.sought(6, peer.at(18), 1)
    expect(peer.asked()).toEqual([])
    const lonely = new Peer([0, 6, 12])
    for (let place = 13; place < 20; place++) lonely.sought(6, lonely.at(place), 1)
    expect(lonely.asked()).toHaveLength(1)
  })

  it('drops what is not well-formed', () => {
    const peer = new Peer([0, 6])
    expect(peer.hear(6, Frame.SEEK, new Uint8Array(3))).toBe('malformed')
    expect(peer.sought(6, peer.at(3), 2)).toBe('malformed')
  })
})
