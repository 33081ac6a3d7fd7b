/**
 * Pushes whose signature is being checked. A second copy of one waits beside the first, and takes its place if the
 * first turns out to be forged.
 * @module
 */
import type { LinkId } from '../input.ts'
import type { GossipSettings } from './config.ts'
import type { Push } from './push.ts'

/** One way a message came. */
export interface Copy {
  readonly link: LinkId
  readonly hops: number
  readonly flags: number
  /** When it came. */
  readonly at: number
  readonly push: Push
}

export interface Candidate {
  readonly stream: number
  readonly seq: number
  /** The first is being checked. */
  copies: Copy[]
}

interface Load {
  count: number
  bytes: number
}

function sameBytes(a: Push, b: Push): boolean {
  if (a.signed.length !== b.signed.length) return false
  for (let i = 0; i < a.signed.length; i++) if (a.signed[i] !== b.signed[i]) return false
  for (let i = 0; i < a.signature.length; i++) if (a.signature[i] !== b.signature[i]) return false
  return true
}

export class Verifying {
  size = 0
  private nextToken = 0
  private readonly byToken = new Map<number, Candidate>()
  private readonly byStream = new Map<number, Map<number, Candidate>>()
  private readonly loads = new Map<LinkId, Load>()
  private readonly settings: GossipSettings

  constructor(settings: GossipSettings) {
    this.settings = settings
  }

  has(stream: number, seq: number): boolean {
    return this.byStream.get(stream)?.has(seq) ?? false
  }

  get(stream: number, seq: number): Candidate | undefined {
    return this.byStream.get(stream)?.get(seq)
  }

  /** Whether a link may bring another push of this size. */
  hasRoom(link: LinkId, bytes: number): boolean {
    const load = this.loads.get(link)
    const { maxVerifying, maxVerifyingPerLink, maxVerifyingBytes } = this.settings
    if (this.size >= maxVerifying) return false
    return load === undefined || (load.count < maxVerifyingPerLink && load.bytes + bytes <= maxVerifyingBytes)
  }

  /** Begins to check a message; returns the token. */
  begin(stream: number, copy: Copy): number {
    const candidate = { stream, seq: copy.push.seq, copies: [copy] }
    let bySeq = this.byStream.get(stream)
    if (bySeq === undefined) {
      bySeq = new Map()
      this.byStream.set(stream, bySeq)
    }
    bySeq.set(candidate.seq, candidate)
    this.charge(copy, 1)
    return this.issue(candidate)
  }

  /** The token for the first copy that is left. */
  issue(candidate: Candidate): number {
    const token = this.nextToken++
    this.byToken.set(token, candidate)
    return token
  }

  /** Puts a further copy beside the first: bytes equal to those of one that is here are not kept twice. */
  join(candidate: Candidate, copy: Copy): void {
    const same = candidate.copies.find(other => sameBytes(other.push, copy.push))
    const { link, hops, flags, at } = copy
    const kept = same === undefined ? copy : { link, hops, flags, at, push: same.push }
    candidate.copies.push(kept)
    this.charge(kept, 1)
  }

  /** Takes the candidate of an answered token. */
  answered(token: number): Candidate | undefined {
    const candidate = this.byToken.get(token)
    this.byToken.delete(token)
    return candidate
  }

  /** Drops every copy with the bytes of the first: they were forged. */
  reject(candidate: Candidate): void {
    const first = candidate.copies[0]?.push
    for (const copy of candidate.copies) if (copy.push === first) this.charge(copy, -1)
    candidate.copies = candidate.copies.filter(copy => copy.push !== first)
  }

  /** The candidate is settled. */
  end(candidate: Candidate): void {
    for (const copy of candidate.copies) this.charge(copy, -1)
    const bySeq = this.byStream.get(candidate.stream)
    bySeq?.delete(candidate.seq)
    if (bySeq?.size === 0) this.byStream.delete(candidate.stream)
  }

  clear(): void {
    this.size = 0
    this.byToken.clear()
    this.byStream.clear()
    this.loads.clear()
  }

  private charge(copy: Copy, sign: 1 | -1): void {
    const load = this.loads.get(copy.link) ?? { count: 0, bytes: 0 }
    load.count += sign
    load.bytes += sign * copy.push.frame.length
    this.size += sign
    if (load.count === 0) this.loads.delete(copy.link)
    else this.loads.set(copy.link, load)
  }
}
