/**
 * The conversation of everybody: broadcasts on the topic `chat`. An own line shows at once and gets its tick
 * with the first receipts, and says how many have seen it, a number that grows. `passed` is called then, `arrived` for every line of somebody else.
 * @module
 */
import type { Data, Mesh } from 'tabmesh'
import type { Delivery } from './chat-line.ts'
import type { ChatLog } from './chat-log.ts'
import { byId } from './element.ts'
import type { People } from './people.ts'
import { type ChatLine, chatLineOf } from './presence.ts'
import type { Said } from './said.ts'
import { seenWords, sendFailure } from './words.ts'

/** When a line was written, as far as its sender can be believed: never later than now. */
export function writtenAt(line: ChatLine, now: number): number {
  return line.at !== undefined && line.at > 0 && line.at < now ? line.at : now
}

export function startChat(
  mesh: Mesh,
  people: People,
  log: ChatLog,
  said: Said,
  passed: () => void,
  arrived: () => void,
): void {
  const input = byId('chat-input', HTMLInputElement)

  mesh.subscribe('chat', ({ from, data }) => {
    const line = chatLineOf(data)
    if (!line) return
    people.learn(from, line.name)
    if (!said.add(from, line)) return
    const at = writtenAt(line, Date.now())
    log.message({ from, name: people.nameOf(from), text: line.text, at, own: false })
    arrived()
  })

  async function deliver(line: Data, show: (delivery: Delivery) => void): Promise<void> {
    show({ kind: 'sending' })
    let seen = 0
    try {
      const showSeen = (count: number): void => {
        seen = count
        show({ kind: 'delivered', words: seenWords(count, mesh.neighbours.length) })
      }
      const count = await mesh.sendBroadcast('chat', line, { receipt: true, onReceipt: showSeen })
      passed()
      showSeen(count)
    } catch (error) {
      // This tab left while it was still counting: the line has arrived all the same.
      if (seen > 0) return
      show({ kind: 'failed', words: sendFailure(error), again: () => void deliver(line, show) })
    }
  }

  byId('chat-form', HTMLFormElement).addEventListener('submit', event => {
    event.preventDefault()
    const text = input.value.trim()
    if (text === '') return
    input.value = ''
    input.focus()
    const at = Date.now()
    const name = people.ownName
    said.add(mesh.peerId, { name, text, at })
    void deliver({ name, text, at }, log.message({ from: mesh.peerId, name, text, at, own: true }))
  })
}
