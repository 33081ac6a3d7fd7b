/**
 * The header: which swarm, which state, who this tab is.
 * @module
 */
import type { Mesh, MeshStats } from 'tabmesh'
import { avatar } from './avatar.ts'
import { copy } from './copy.ts'
import { byId, setText } from './element.ts'
import { shortId } from './format.ts'
import type { People } from './people.ts'
import { hashOfSwarm, tidySwarmName } from './swarm-name.ts'
import { toast } from './toasts.ts'

/** The swarm's name and the link to it; works before there is a mesh. */
export function startSwarmForm(swarm: string): void {
  const input = byId('swarm-name', HTMLInputElement)
  const go = byId('swarm-go', HTMLButtonElement)
  const link = byId('copy-link', HTMLButtonElement)
  const resize = (): void => {
    input.size = Math.max(8, Math.min(24, input.value.length + 1))
    const changed = tidySwarmName(input.value) !== swarm && tidySwarmName(input.value) !== ''
    go.hidden = !changed
    link.hidden = changed
  }
  input.value = swarm
  resize()
  input.addEventListener('input', resize)
  input.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    input.value = swarm
    resize()
  })
  input.addEventListener('blur', () => {
    if (tidySwarmName(input.value) !== '') return
    input.value = swarm
    resize()
  })
  byId('swarm-form', HTMLFormElement).addEventListener('submit', event => {
    event.preventDefault()
    const name = tidySwarmName(input.value)
    // The hash changes, and with it the page: see main.ts.
    if (name !== '' && name !== swarm) location.hash = hashOfSwarm(name)
  })
  link.addEventListener('click', async () => {
    const copied = await copy(location.href)
    toast(
      copied
        ? 'Link copied. Whoever opens it joins this swarm.'
        : 'The browser does not let this page copy: take the link from the address bar.',
    )
  })
}

export function startOwnName(mesh: Mesh, people: People): void {
  byId('my-avatar', HTMLElement).replaceChildren(avatar(mesh.peerId))
  const id = byId('peer-id', HTMLElement)
  setText(id, shortId(mesh.peerId))
  id.title = mesh.peerId
  id.dataset['peerId'] = mesh.peerId
  const input = byId('my-name', HTMLInputElement)
  input.value = people.ownName
  input.addEventListener('change', () => {
    people.rename(input.value)
    input.value = people.ownName
    document.title = `${people.ownName} · tabmesh`
  })
  input.addEventListener('keydown', event => {
    if (event.key === 'Enter') input.blur()
  })
  document.title = `${people.ownName} · tabmesh`
}

export function showCounts(mesh: Mesh, stats: MeshStats): void {
  const state = byId('state', HTMLElement)
  state.dataset['state'] = mesh.state
  setText(state, mesh.state)
  const peers = mesh.peers.length
  setText(byId('peer-count', HTMLElement), String(peers))
  setText(byId('peer-word', HTMLElement), peers === 1 ? 'peer' : 'peers')
  setText(byId('link-count', HTMLElement), String(stats.links.length))
  setText(byId('link-word', HTMLElement), stats.links.length === 1 ? 'link' : 'links')
}
