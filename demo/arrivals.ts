/**
 * Quiet lines about who comes and goes. Those that follow each other become one line, so that twenty tabs
 * opening do not push the conversation away.
 * @module
 */
import type { PeerId } from 'tabmesh'
import type { ChatLog } from './chat-log.ts'
import { setText } from './element.ts'
import { listNames } from './format.ts'

interface Line {
  readonly note: HTMLElement
  readonly verb: 'come' | 'go'
  readonly peers: Set<PeerId>
}

export class Arrivals {
  private readonly log: ChatLog
  private readonly nameOf: (peer: PeerId) => string
  private line: Line | undefined

  constructor(log: ChatLog, nameOf: (peer: PeerId) => string) {
    this.log = log
    this.nameOf = nameOf
  }

  came(peers: readonly PeerId[]): void {
    this.add('come', peers)
  }

  went(peers: readonly PeerId[]): void {
    this.add('go', peers)
  }

  /** A name that becomes known while the line is the last one is corrected in it. */
  refresh(): void {
    if (this.line && this.log.endsWith(this.line.note)) this.write(this.line)
  }

  private add(verb: Line['verb'], peers: readonly PeerId[]): void {
    let line = this.line
    if (line === undefined || line.verb !== verb || !this.log.endsWith(line.note)) {
      line = { note: this.log.note(''), verb, peers: new Set() }
      this.line = line
    }
    for (const peer of peers) line.peers.add(peer)
    this.write(line)
  }

  private write({ note, verb, peers }: Line): void {
    const names = listNames([...peers].map(this.nameOf))
    setText(note, verb === 'go' ? `${names} left` : `${names} ${peers.size === 1 ? 'is' : 'are'} here`)
  }
}
