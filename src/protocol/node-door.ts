/**
 * The door of a peer: whom the application lets in, whom a silent peer answers, and letters about invites, which are the
 * application's side's.
 *
 * A silent peer ignores who asks for a link and is not known to it, instead of refusing: a refusal would tell that it is there.
 *
 * Invariants
 * 1. The application is asked once about each peer, when that has proven who it is: by a letter or a handshake.
 * 2. Bounds: {@link MOST} peers that were let in, and as many acquaintances, the oldest forgotten first; {@link MOST_HELD} letters
 *    that wait for an answer, one of each peer.
 * @module
 */
import type { Effect } from './effect.ts'
import type { PeerId } from './id.ts'
import type { Input } from './input.ts'
import { LETTER } from './overlay/letters.ts'
import type { Letter, Sending } from './routing/routing.ts'

const MOST = 1024
const MOST_HELD = 64
/** The kind of a letter about an invite; its body is the mesh's (mesh/invite/). */
const INVITE_LETTER = 32
/** Milliseconds for such a letter, as for a direct message. */
const LETTER_TIMEOUT = 10_000

export function inviteLetter({ request, to, body }: Extract<Input, { kind: 'invite-letter' }>): Sending {
  return { request, to, kind: INVITE_LETTER, body, timeout: LETTER_TIMEOUT, receipt: true, via: 'signaling' }
}

export class Door {
  /** Others are not to be told of this peer. */
  silent = false
  private readonly screens: boolean
  private readonly welcome = new Set<PeerId>()
  private readonly acquainted = new Set<PeerId>()
  /** Peers that the application was asked about, each with its ask for a link, if there is one. */
  private readonly asked = new Map<PeerId, Letter | undefined>()

  constructor(screens: boolean) {
    this.screens = screens
  }

  /** Whether a letter ends or waits here; the others are the overlay's. */
  takes(letter: Letter, out: Effect[]): boolean {
    const { from } = letter
    if (letter.letter === INVITE_LETTER) {
      out.push({ kind: 'invite-letter', from, body: letter.body })
      return true
    }
    if (letter.letter !== LETTER.ASK) return false
    if (this.silent && !this.acquainted.has(from)) return true
    if (this.lets(from, out)) return false
    // The body is a view of a packet.
    if (this.asked.has(from)) this.asked.set(from, { ...letter, body: letter.body.slice() })
    return true
  }

  /** Whether a peer may be a neighbour as far as is known; the application is asked where it has not been. */
  lets(peer: PeerId, out: Effect[]): boolean {
    if (!this.screens || this.welcome.has(peer)) return true
    if (this.asked.has(peer) || this.asked.size >= MOST_HELD) return false
    this.asked.set(peer, undefined)
    out.push({ kind: 'accept', peer })
    return false
  }

  /** The application has answered. Returns what waited for it. */
  decided(peer: PeerId, ok: boolean): Letter | undefined {
    const letter = this.asked.get(peer)
    if (this.asked.delete(peer) && ok) remember(this.welcome, peer)
    return letter
  }

  /** A silent peer has asked another for a link: that knows of it now, and its own ask may be the one that counts. */
  asks(peer: PeerId): void {
    if (this.silent) this.acquaint(peer)
  }

  /** A peer that is, or was, a neighbour, was named by the application, was invited, or was asked. */
  acquaint(peer: PeerId): void {
    remember(this.acquainted, peer)
  }

  clear(): void {
    this.asked.clear()
  }
}

function remember(peers: Set<PeerId>, peer: PeerId): void {
  peers.delete(peer)
  peers.add(peer)
  for (const oldest of peers) {
    if (peers.size <= MOST) break
    peers.delete(oldest)
  }
}
