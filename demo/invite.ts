/**
 * The invite dialog: a link and its QR code for one more peer, how long they hold, and the place for the reply. And, on the side
 * of who was invited, the reply.
 * @module
 */
import type { Mesh } from 'tabmesh'
import { copy } from './copy.ts'
import { byId, setText } from './element.ts'
import { qrCode } from './qr.ts'
import { hashOfSwarm } from './swarm-name.ts'
import { toast } from './toasts.ts'
import { sendFailure } from './words.ts'

/** As the library's default. */
const LIFETIME = 600_000
const SECOND = 1000
/** A reply that a server or this browser carries has brought its tab in by then, ms: nobody is asked to carry it. */
const BY_ITSELF = 2500

/** Splits an address of an invited tab: its swarm's hash, and whether there is an invite. */
export function inviteOfHash(hash: string): { readonly swarm: string; readonly invited: boolean } {
  const [before = '', code] = hash.split(/[#&]tabmesh=/)
  return { swarm: before, invited: code !== undefined }
}

/** The swarm's name goes into the address, too: the page shows it. */
function withSwarm(uri: string, swarm: string): string {
  return uri.replace('#tabmesh=', `${hashOfSwarm(swarm)}&tabmesh=`)
}

export function startInvites(mesh: Mesh, swarm: string): void {
  const dialog = byId('invite-dialog', HTMLDialogElement)
  const link = byId('invite-link', HTMLInputElement)
  const picture = byId('invite-picture', HTMLElement)
  const expiry = byId('invite-expiry', HTMLElement)
  const status = byId('invite-status', HTMLElement)
  const reply = byId('invite-reply', HTMLTextAreaElement)
  let expiresAt = 0
  let clock: ReturnType<typeof setInterval> | undefined
  let before = 0

  const tick = (): void => {
    const left = Math.max(0, Math.ceil((expiresAt - Date.now()) / SECOND))
    const minutes = Math.floor(left / 60)
    setText(
      expiry,
      left === 0
        ? 'This invite is over: close this and make another.'
        : `For one person, for ${minutes}:${String(left % 60).padStart(2, '0')} more.`,
    )
    picture.classList.toggle('over', left === 0)
    if (mesh.neighbours.length > before) setText(status, 'Somebody has come in.')
  }
  const make = async (): Promise<void> => {
    setText(status, 'Making the invite …')
    link.value = reply.value = ''
    picture.replaceChildren()
    dialog.showModal()
    try {
      const uri = withSwarm(await mesh.invite({ page: location.href, lifetime: LIFETIME }), swarm)
      link.value = uri
      picture.replaceChildren(qrCode(uri, 'QR code of the invite link below'))
      expiresAt = Date.now() + LIFETIME
      before = mesh.neighbours.length
      setText(status, '')
      tick()
      clock = setInterval(tick, SECOND)
    } catch (error) {
      setText(status, sendFailure(error))
    }
  }
  byId('invite', HTMLButtonElement).addEventListener('click', () => void make())
  dialog.addEventListener('close', () => clearInterval(clock))
  link.addEventListener('focus', () => link.select())
  byId('invite-copy', HTMLButtonElement).addEventListener('click', async () => {
    setText(status, (await copy(link.value)) ? 'Link copied.' : 'Please copy the link by hand.')
  })
  byId('welcome-form', HTMLFormElement).addEventListener('submit', async event => {
    event.preventDefault()
    setText(status, 'Connecting …')
    try {
      await mesh.welcome(reply.value)
      setText(status, 'Connected.')
      reply.value = ''
    } catch (error) {
      setText(status, sendFailure(error))
    }
  })
}

/** Shows the reply of an invited tab until it is in. */
export function showReply(mesh: Mesh): void {
  const dialog = byId('reply-dialog', HTMLDialogElement)
  const text = byId('reply-text', HTMLTextAreaElement)
  mesh.on('invite:reply', reply => {
    text.value = reply
    byId('reply-picture', HTMLElement).replaceChildren(qrCode(reply, 'QR code of the reply below'))
    setTimeout(() => {
      if (mesh.neighbours.length === 0 && !dialog.open) dialog.showModal()
    }, BY_ITSELF)
  })
  mesh.on('peer:connect', () => {
    if (!dialog.open) return
    dialog.close()
    toast('You are in.')
  })
  byId('reply-copy', HTMLButtonElement).addEventListener('click', async () => {
    toast((await copy(text.value)) ? 'Reply copied: send it to who invited you.' : 'Please copy it by hand.')
  })
}
