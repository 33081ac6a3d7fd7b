/**
 * Watches pushes on the links: over which link each peer got each broadcast first, and how many links were needed
 * to reach those who want it. That is a bound for the tree that was used: its links that lead to an interested peer.
 * @module
 */
import { PushHead } from '../src/protocol/gossip/push.ts'
import { Frame } from '../src/protocol/wire/frame.ts'
import { Unpacker } from '../src/protocol/wire/packet.ts'
import { Reader } from '../src/protocol/wire/reader.ts'
import type { Endpoint, Peer } from './peer.ts'

interface Spread {
  readonly topic: string
  /** By receiver: who brought it first. The origin is nobody's receiver. */
  readonly from: Map<Peer, Peer>
  pushes: number
}

export class TreeTap {
  private readonly unpackers = new Map<Endpoint, Unpacker>()
  private readonly spreads = new Map<string, Spread>()
  private readonly head = new PushHead()

  /** A packet arrives. */
  packet(endpoint: Endpoint, bytes: Uint8Array): void {
    let unpacker = this.unpackers.get(endpoint)
    if (unpacker === undefined) {
      unpacker = new Unpacker()
      this.unpackers.set(endpoint, unpacker)
    }
    unpacker.read(bytes, (frame, start, end) => this.frame(endpoint, frame.subarray(start, end)))
  }

  private frame(endpoint: Endpoint, frame: Uint8Array): void {
    const sender = endpoint.other?.peer
    const reader = new Reader(frame, 1)
    if (frame[0] !== Frame.PUSH || sender === undefined || !this.head.read(reader)) return
    const name = `${Buffer.from(this.head.key).toString('base64')} ${this.head.seq}`
    let spread = this.spreads.get(name)
    if (spread === undefined) {
      const push = this.head.take(reader, Number.POSITIVE_INFINITY)
      if (typeof push === 'string') return
      spread = { topic: push.topic, from: new Map(), pushes: 0 }
      this.spreads.set(name, spread)
    }
    spread.pushes++
    if (!spread.from.has(endpoint.peer)) spread.from.set(endpoint.peer, sender)
  }

  /** Pushes per link that was needed, over all broadcasts since the last call. */
  conclude(): number {
    let pushes = 0
    let needed = 0
    for (const { topic, from, pushes: arrived } of this.spreads.values()) {
      pushes += arrived
      const onTheWay = new Set<Peer>()
      for (const peer of from.keys()) {
        if (!peer.interests.covers(topic)) continue
        for (
          let at: Peer | undefined = peer;
          at !== undefined && from.has(at) && !onTheWay.has(at);
          at = from.get(at)
        )
          onTheWay.add(at)
      }
      needed += onTheWay.size
    }
    this.spreads.clear()
    return pushes / Math.max(1, needed)
  }
}
