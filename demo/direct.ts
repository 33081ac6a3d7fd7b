/**
 * Direct messages: one peer is chosen as the recipient, and the form says what became of the last message.
 * @module
 */
import type { Data, Mesh, PeerId } from 'tabmesh'
import { avatar } from './avatar.ts'
import { writtenAt } from './chat.ts'
import type { Delivery } from './chat-line.ts'
import type { ChatLog } from './chat-log.ts'
import { byId, setText } from './element.ts'
import type { People } from './people.ts'
import { chatLineOf } from './presence.ts'
import { sendFailure } from './words.ts'

export class DirectMessages {
  recipient: PeerId | undefined
  private readonly mesh: Mesh
  private readonly people: People
  private readonly log: ChatLog
  private readonly passed: () => void
  private readonly input = byId('dm-input', HTMLInputElement)
  private readonly button = byId('dm-send', HTMLButtonElement)
  private readonly title = byId('dm-title', HTMLElement)
  private readonly status = byId('dm-status', HTMLElement)

  constructor(mesh: Mesh, people: People, log: ChatLog, passed: () => void, arrived: () => void) {
    this.passed = passed
    this.mesh = mesh
    this.people = people
    this.log = log
    mesh.on('message', ({ from, data, topic }) => {
      if (topic !== undefined || people.hearDirect(from, data)) return
      const line = chatLineOf(data)
      if (!line) return
      people.learn(from, line.name)
      const name = people.nameOf(from)
      const at = writtenAt(line, Date.now())
      log.message({ from, name, text: line.text, at, own: false, direct: { peer: from, name } })
      arrived()
    })
    byId('dm-form', HTMLFormElement).addEventListener('submit', event => {
      event.preventDefault()
      this.submit()
    })
  }

  choose(peer: PeerId): void {
    this.recipient = peer
    this.input.disabled = false
    this.button.disabled = false
    setText(this.status, '')
    delete this.status.dataset['delivery']
    this.showName()
    this.input.focus()
  }

  showName(): void {
    if (this.recipient === undefined) return
    const name = this.people.nameOf(this.recipient)
    this.title.replaceChildren(avatar(this.recipient), `To ${name}`)
    this.input.placeholder = 'Private message'
  }

  private submit(): void {
    const peer = this.recipient
    const text = this.input.value.trim()
    if (peer === undefined || text === '') return
    this.input.value = ''
    const at = Date.now()
    const name = this.people.ownName
    const direct = { peer, name: this.people.nameOf(peer) }
    const show = this.log.message({ from: this.mesh.peerId, name, text, at, own: true, direct })
    void this.deliver(peer, { kind: 'text', name, text, at }, show)
  }

  private async deliver(peer: PeerId, data: Data, show: (delivery: Delivery) => void): Promise<void> {
    const name = this.people.nameOf(peer)
    show({ kind: 'sending' })
    this.showStatus(peer, 'sending', 'On its way …')
    const began = performance.now()
    try {
      await this.mesh.send(peer, data)
      this.passed()
      const took = Math.max(1, Math.round(performance.now() - began))
      show({ kind: 'delivered', words: `Delivered to ${name}` })
      this.showStatus(peer, 'delivered', `Delivered: ${name} has it, after ${took} ms.`)
    } catch (error) {
      const words = sendFailure(error)
      show({ kind: 'failed', words, again: () => void this.deliver(peer, data, show) })
      this.showStatus(peer, 'failed', words)
    }
  }

  /** The form speaks of its recipient only. */
  private showStatus(peer: PeerId, delivery: Delivery['kind'], words: string): void {
    if (peer !== this.recipient) return
    this.status.dataset['delivery'] = delivery
    setText(this.status, words)
  }
}
