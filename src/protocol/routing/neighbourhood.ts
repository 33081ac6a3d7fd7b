/**
 * The neighbours of a relay: by link, and by peer.
 *
 * Invariant: a peer has one entry for each link to it, of which there are two while one takes the other's place; by its id
 * the newest is found.
 * @module
 */
import { type PeerId, ringPosition } from '../id.ts'
import type { LinkId } from '../input.ts'
import type { PeerRecord } from '../record.ts'
import type { Neighbour } from './compass.ts'

const NOWHERE = new Uint32Array(0)

export class Neighbourhood extends Map<LinkId, Neighbour> {
  private readonly linkOf = new Map<PeerId, LinkId>()

  /** The peer of every link: one that has two is named twice. */
  peers(): PeerId[] {
    return Array.from(this.values(), neighbour => neighbour.id)
  }

  /** The neighbour of this id, if it is one. */
  of(id: PeerId): Neighbour | undefined {
    const link = this.linkOf.get(id)
    return link === undefined ? undefined : this.get(link)
  }

  linkUp(link: LinkId, record: PeerRecord): Neighbour {
    const neighbour: Neighbour = {
      id: record.id,
      at: ringPosition(record.id),
      link,
      record,
      suspect: false,
      owing: 0,
      roundTrip: Number.POSITIVE_INFINITY,
      takenAt: Number.NEGATIVE_INFINITY,
      peers: [],
      far: NOWHERE,
      farNear: 0,
      near: NOWHERE,
      further: NOWHERE,
    }
    this.set(link, neighbour)
    this.linkOf.set(record.id, link)
    return neighbour
  }

  linkDown(link: LinkId): Neighbour | undefined {
    const gone = this.get(link)
    if (gone === undefined) return undefined
    this.delete(link)
    if (this.linkOf.get(gone.id) === link) {
      this.linkOf.delete(gone.id)
      for (const other of this.values()) if (other.id === gone.id) this.linkOf.set(gone.id, other.link)
    }
    return gone
  }

  override clear(): void {
    super.clear()
    this.linkOf.clear()
  }
}
