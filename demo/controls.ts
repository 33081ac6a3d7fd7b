/**
 * The three buttons: more tabs, leave or join, and the scissors for the signaling connection.
 * @module
 */
import type { Mesh } from 'tabmesh'
import type { CuttableTransport, SignalingStatus } from './cuttable-transport.ts'
import { byId, setText } from './element.ts'
import { clearNotice, showNotice } from './notice.ts'
import { toast } from './toasts.ts'
import { sendFailure } from './words.ts'

const MORE = 3

/** Opens tabs and says so when the browser held some back. Returns how many opened. */
function openTabs(): number {
  let opened = 0
  for (let i = 0; i < MORE; i++) {
    // With `noopener` a blocked tab and an opened one look the same, so the opener is cut afterwards.
    const tab = window.open(location.href, '_blank')
    if (!tab) break
    tab.opener = null
    opened++
  }
  return opened
}

export function startOpenTabs(): void {
  byId('open-tabs', HTMLButtonElement).addEventListener('click', () => {
    const opened = openTabs()
    if (opened === MORE) return
    const first =
      opened === 0 ? 'Your browser blocked the new tabs.' : `Your browser opened ${opened} of ${MORE} tabs.`
    toast(`${first} Allow pop-ups for this page, or copy the link and open it yourself.`, 'warning')
  })
}

export async function join(mesh: Mesh): Promise<void> {
  try {
    await mesh.join()
  } catch (error) {
    toast(`This tab could not join the swarm. ${sendFailure(error)}`, 'warning')
  }
}

export function startLeaveJoin(mesh: Mesh): () => void {
  const button = byId('leave-join', HTMLButtonElement)
  const isOut = (): boolean => mesh.state === 'idle' || mesh.state === 'left'
  button.addEventListener('click', async () => {
    if (isOut()) {
      await join(mesh)
      return
    }
    button.disabled = true
    await mesh.leave().finally(() => {
      button.disabled = false
    })
    clearNotice()
  })
  return () => setText(button, isOut() ? 'Join' : 'Leave')
}

export function startScissors(transport: CuttableTransport): void {
  const button = byId('cut-signaling', HTMLButtonElement)
  button.addEventListener('click', () => {
    if (transport.cut) transport.restore()
    else transport.sever()
    button.setAttribute('aria-pressed', String(transport.cut))
    setText(button, transport.cut ? 'Restore signaling' : 'Cut signaling')
  })
}

/** One line about the signaling server; its first failure gets the whole explanation. */
export function showSignaling(status: SignalingStatus, url: string, links: number): void {
  const line = byId('signaling', HTMLElement)
  line.dataset['signaling'] = status.kind
  setText(line, signalingWords(status, links))
  if (status.kind === 'up' || status.kind === 'closed') clearNotice()
  if (status.kind === 'down' && !status.everUp && links === 0) {
    showNotice(
      `No signaling server answers at ${url}. Tabs need one to find each other the first time. ` +
        'Start this page with “npm start”, which brings one along, or name another with ?signal=wss://… in the address.',
    )
  }
}

function signalingWords(status: SignalingStatus, links: number): string {
  switch (status.kind) {
    case 'up':
      return 'Signaling: up'
    case 'connecting':
      return 'Signaling: connecting …'
    case 'closed':
      return 'Signaling: off'
    case 'cut':
      return links > 0 ? 'Signaling: cut. The mesh goes on by itself' : 'Signaling: cut'
    case 'down': {
      const seconds =
        status.retryAt === undefined ? undefined : Math.ceil((status.retryAt - Date.now()) / 1000)
      const next = seconds === undefined ? '' : seconds > 0 ? `, next try in ${seconds} s` : ', trying again'
      return `Signaling: down${next}${links > 0 ? '. The mesh goes on' : ''}`
    }
  }
}
