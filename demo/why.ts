/**
 * The dialog that tells why tabs may not find each other.
 * @module
 */
import type { Diagnosis, Mesh, ServerProbe } from 'tabmesh'
import { byId, element, setText } from './element.ts'
import { sendFailure } from './words.ts'

export function startWhy(mesh: Mesh): void {
  const dialog = byId('why-dialog', HTMLDialogElement)
  const status = byId('why-status', HTMLElement)
  const list = byId('why-list', HTMLElement)
  let running: AbortController | undefined
  byId('why', HTMLButtonElement).addEventListener('click', async () => {
    running?.abort()
    const mine = new AbortController()
    running = mine
    list.replaceChildren()
    setText(status, 'Trying every server, for five seconds at most …')
    dialog.showModal()
    try {
      const found = await mesh.diagnose(undefined, { signal: mine.signal })
      setText(status, found.remedy)
      list.replaceChildren(
        ...factsOf(found).map(([ok, text]) => element('li', { class: ok ? 'good' : 'bad' }, text)),
      )
    } catch (error) {
      if (!mine.signal.aborted) setText(status, sendFailure(error))
    }
  })
  dialog.addEventListener('close', () => running?.abort())
}

/** What was found, line by line, and whether it is as it should be. */
export function factsOf(found: Diagnosis): (readonly [boolean, string])[] {
  const server =
    (kind: string) =>
    ({ url, ok, ms }: ServerProbe) =>
      [ok, `${kind} ${url}: ${ok ? `answers, after ${ms} ms` : 'no answer'}`] as const
  return [
    [found.webrtc, found.webrtc ? 'WebRTC: there' : 'WebRTC: missing'],
    ...found.signaling.map(server('Signaling')),
    ...found.stun.map(server('STUN')),
    ...found.turn.map(server('TURN')),
    [
      found.candidates.length > 0,
      `Ways to reach this tab: ${found.candidates.map(wayOf).join(', ') || 'none'}`,
    ],
  ]
}

function wayOf(type: string): string {
  const words: Readonly<Record<string, string>> = {
    host: 'in its own network',
    srflx: 'through its router',
    relay: 'through a TURN server',
  }
  return words[type] ?? type
}
