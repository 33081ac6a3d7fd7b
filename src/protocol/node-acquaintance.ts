/**
 * What two neighbours tell each other once when their link is up, besides their neighbours:
 *
 *     SEEN  = %x0B text            ; at most 64 bytes: the receiver's address as the sender's browser shows it
 *     PEERS = %x0C 1*8( record )   ; 134 bytes each: neighbours of the sender that the receiver does not have
 *
 * PEERS go to whoever tells of few neighbours (a newcomer, a tab that has come back): with the records it can write to
 * them at once, through whoever is up, without the signaling server. Nothing of either is believed: records are signed,
 * and an address is only shown.
 * @module
 */
import type { Drop } from './effect.ts'
import type { PeerId } from './id.ts'
import type { LinkId } from './input.ts'
import type { Channel } from './node-channel.ts'
import { ALL, type Machines } from './node-machines.ts'
import { decodeRecord, type PeerRecord, RECORD_BYTES } from './record.ts'
import { Frame } from './wire/frame.ts'
import type { Reader } from './wire/reader.ts'
import { Writer } from './wire/writer.ts'

/** Records in one PEERS: a table of links. */
const MOST_RECORDS = 8
/** Who tells of as many neighbours knows the swarm by itself. */
const FEW = 3
/** An IPv6 address, its zone and a port. */
const MAX_ADDRESS = 64

export class Acquaintance {
  private readonly machines: Machines
  private readonly writer = new Writer(256)

  constructor(machines: Machines) {
    this.machines = machines
  }

  /** Tells a neighbour its address as it is seen here. */
  seen(link: LinkId, address: string): void {
    const frame = this.writer.u8(Frame.SEEN).text(address).finish()
    if (address !== '' && frame.length <= MAX_ADDRESS) this.machines.out.push({ kind: 'send', link, frame })
  }

  /** A neighbour has told of its neighbours for the first time: one that has few is told of others. */
  introduce(link: LinkId): void {
    const { overlay, routing, out } = this.machines
    const { peer: them, neighbours: theirs = new Set() } = overlay.slotOf(link) ?? {}
    if (theirs.size >= FEW) return
    const records: PeerRecord[] = []
    for (const { peer, suspect } of overlay.up()) {
      if (peer === them) continue
      const record = suspect || theirs.has(peer) ? undefined : routing.recordOf(peer)
      if (record !== undefined && records.length < MOST_RECORDS) records.push(record)
    }
    if (records.length === 0) return
    this.writer.u8(Frame.PEERS)
    for (const { bytes } of records) this.writer.bytes(bytes)
    out.push({ kind: 'send', link, frame: this.writer.finish() })
  }

  /** SEEN or PEERS, the type byte already read; each is read once from a link. */
  frame(channel: Channel, type: number, reader: Reader, now: number): Drop | undefined {
    const { machines } = this
    if (channel.told.has(type)) return 'unexpected'
    channel.told.add(type)
    if (type === Frame.SEEN) {
      const address = reader.text(MAX_ADDRESS)
      if (!reader.done) return 'malformed'
      machines.out.push({ kind: 'seen', link: channel.link, address })
      return undefined
    }
    if (reader.left > MOST_RECORDS * RECORD_BYTES || reader.left % RECORD_BYTES > 0) return 'malformed'
    const ids: PeerId[] = []
    machines.routed(now, out => {
      while (reader.left > 0) {
        const record = decodeRecord(reader.bytes(RECORD_BYTES))
        if (record === undefined) continue
        ids.push(record.id)
        machines.count(machines.routing.learn(record, now, out))
      }
    })
    machines.ran = ALL
    machines.overlay.hear(channel.link, ids, now)
    return undefined
  }
}
