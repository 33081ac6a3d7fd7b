/**
 * What was said before this tab came: it asks its neighbours as soon as it has some, and shows what they still hold
 * under a heading of its own. If nobody answers, nothing is shown.
 * @module
 */
import type { Mesh, PastMessage } from 'tabmesh'
import { writtenAt } from './chat.ts'
import type { ChatLog } from './chat-log.ts'
import type { People } from './people.ts'
import { chatLineOf } from './presence.ts'
import type { Said } from './said.ts'

/** About what one reads before joining in. */
const PAST = { last: 50, seconds: 600 }
/** The first neighbour may be as new as this tab: the next ones are asked as well, so many in all. */
const NEIGHBOURS = 4

export class Earlier {
  private readonly mesh: Mesh
  private readonly people: People
  private readonly log: ChatLog
  private readonly said: Said
  private section: HTMLElement | undefined
  /** Milliseconds since 1970: what was written before that is from before this tab came, however it came to be alone. */
  private readonly opened = Date.now()
  private met = 0
  private asked = 0
  private asking = false

  constructor(mesh: Mesh, people: People, log: ChatLog, said: Said) {
    this.mesh = mesh
    this.people = people
    this.log = log
    this.said = said
    mesh.on('peer:connect', () => {
      this.met = Math.min(this.met + 1, NEIGHBOURS)
      void this.ask()
    })
    mesh.on('state', state => {
      if (state === 'connected') {
        void this.ask()
        return
      }
      this.section = undefined
      this.met = 0
      this.asked = 0
    })
  }

  private async ask(): Promise<void> {
    if (this.asking) return
    this.asking = true
    while (this.mesh.state === 'connected' && this.asked < this.met) {
      this.asked = this.met
      // Nobody answered, or this tab has left: the past is a courtesy.
      this.show(await this.mesh.history('chat', PAST).catch(() => []))
    }
    this.asking = false
  }

  private show(past: readonly PastMessage[]): void {
    const found = past.flatMap(({ from, data, at, delivered }) => {
      const line = chatLineOf(data)
      return line ? [{ from, line, at, delivered }] : []
    })
    const missing = this.said.missing(found)
    if (missing.length === 0) return
    const lines = missing.map(({ from, line, at }) => ({
      from,
      name: line.name || this.people.nameOf(from),
      text: line.text,
      at: writtenAt(line, at),
      came: at,
      own: from === this.mesh.peerId,
    }))
    const isOlder = lines.every(({ at }) => at < this.opened)
    this.section ??= this.log.section(isOlder ? 'Before you came' : 'While you were away')
    this.log.addEarlier(this.section, lines)
  }
}
