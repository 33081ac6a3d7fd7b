/**
 * The demo page: makes one mesh and connects the parts of the page to it. Everything it does with the mesh goes
 * through the public API.
 * @module
 */
import { createMesh, type Mesh, type PeerId } from 'tabmesh'
import { Arrivals } from './arrivals.ts'
import { startChat } from './chat.ts'
import { ChatLog } from './chat-log.ts'
import { join, showSignaling, startLeaveJoin, startOpenTabs, startScissors } from './controls.ts'
import { CuttableTransport } from './cuttable-transport.ts'
import { DirectMessages } from './direct.ts'
import { Earlier } from './earlier.ts'
import { byId, setText } from './element.ts'
import { showCounts, startOwnName, startSwarmForm } from './header.ts'
import { Highlight } from './highlight.ts'
import { inviteOfHash, showReply, startInvites } from './invite.ts'
import { LinksTable } from './links-table.ts'
import { MeshView } from './mesh-view.ts'
import { showNotice } from './notice.ts'
import { Observer } from './observer.ts'
import { PeerList } from './peer-list.ts'
import { People } from './people.ts'
import { Said } from './said.ts'
import { signalUrl } from './signal-url.ts'
import { DEFAULT_SWARM, hashOfSwarm, swarmFromHash } from './swarm-name.ts'
import { startTheme } from './theme.ts'
import { toast } from './toasts.ts'
import { shownView, showView, startViews } from './views.ts'
import { wayIn } from './way-in.ts'
import { startWhy } from './why.ts'
import { codeOf, warningText } from './words.ts'

declare global {
  interface Window {
    /** For the curious: the page's mesh in the console. */
    mesh: Mesh
  }
}

/** The swarm of the address. Who comes without one meets everybody else who did: the bare address is one mesh. */
function swarmOfPage(): string {
  const given = swarmFromHash(inviteOfHash(location.hash).swarm)
  if (given !== '') return given
  history.replaceState(null, '', hashOfSwarm(DEFAULT_SWARM))
  return DEFAULT_SWARM
}

/** `?maxPeers=4`: fewer links than the default, to see a partial mesh with few tabs. */
function maxPeersOfPage(): { maxPeers?: number } {
  const given = new URL(location.href).searchParams.get('maxPeers')
  return given === null ? {} : { maxPeers: Number(given) }
}

function startPage(mesh: Mesh, transport: CuttableTransport, url: string): void {
  const highlight = new Highlight()
  const observer = new Observer(mesh)
  const badge = byId('chat-badge', HTMLElement)
  let unread = 0
  let hadLinks = false

  const choose = (peer: PeerId): void => {
    showView('peers')
    direct.choose(peer)
    observer.soon()
  }
  // A message that has just gone out shows its pulse now, not at the next look.
  const passed = (): void => observer.soon()
  const arrived = (): void => {
    if (shownView() === 'chat') return
    unread++
    badge.hidden = false
    setText(badge, String(unread))
  }
  startViews(view => {
    if (view !== 'chat') return
    unread = 0
    badge.hidden = true
  })

  const log = new ChatLog(choose)
  const nameOf = (peer: PeerId): string => people.nameOf(peer)
  const arrivals = new Arrivals(log, nameOf)
  const people: People = new People(mesh, {
    names: () => {
      direct.showName()
      arrivals.refresh()
      observer.soon()
    },
    came: peers => arrivals.came(peers),
    went: peers => arrivals.went(peers),
  })
  const direct: DirectMessages = new DirectMessages(mesh, people, log, passed, arrived)
  const list = new PeerList(highlight, nameOf, choose)
  const table = new LinksTable(highlight, nameOf)
  const view = new MeshView(mesh, people, highlight, choose)

  startOwnName(mesh, people)
  const said = new Said()
  startChat(mesh, people, log, said, passed, arrived)
  new Earlier(mesh, people, log, said)
  startScissors(transport)
  const showLeaveJoin = startLeaveJoin(mesh)

  mesh.on('warning', ({ code, message }) => {
    // The signaling line of the drawing already speaks of this.
    if (code !== 'signaling-down') toast(warningText(code, message), 'warning')
  })
  // Not `peer:timeout`: that also tells of dials nobody took up, which is the mesh's daily business.
  mesh.on('peer:disconnect', (peer, reason) => {
    if (reason === 'timeout') toast(`${people.nameOf(peer)} fell silent; the mesh looks for another way.`)
  })
  mesh.on('state', state => {
    if (state === 'left') log.note('You left the swarm')
    // A tab that never had a link has lost none.
    if (state === 'reconnecting' && hadLinks) log.note('All links are gone; looking for the others …')
    if (state !== 'connected') hadLinks = false
  })
  mesh.on('peer:connect', () => {
    hadLinks = true
  })

  observer.onLook(stats => {
    showCounts(mesh, stats)
    showLeaveJoin()
    showSignaling(transport.status, url, stats.links.length)
    view.show(stats)
    table.show(stats.links)
    list.show(mesh, stats.links, direct.recipient)
  })
  observer.soon()
}

async function start(): Promise<void> {
  startTheme()
  byId('skip', HTMLAnchorElement).addEventListener('click', event => {
    // The hash is the swarm's name: a skip link must not change it.
    event.preventDefault()
    showView('chat')
    byId('chat-input', HTMLInputElement).focus()
  })
  const { href } = location
  const swarm = swarmOfPage()
  const { invited } = inviteOfHash(location.hash)
  // An invite serves once: a reload comes back as any other tab.
  if (invited) history.replaceState(null, '', hashOfSwarm(swarm))
  startSwarmForm(swarm)
  startOpenTabs()
  // Another swarm is another mesh: the page starts anew and keeps its peer id.
  window.addEventListener('hashchange', () => location.reload())

  const address = signalUrl(new URL(location.href))
  if ('problem' in address) {
    showNotice(address.problem)
    return
  }
  if (typeof RTCPeerConnection === 'undefined') {
    showNotice(
      'This browser has no WebRTC, which the mesh is made of. A current Chrome, Firefox or Safari has it.',
    )
    return
  }
  let show: () => void = () => undefined
  try {
    const given = new URL(href).searchParams.has('signal')
    const way = await wayIn(address.url, given)
    const transport = new CuttableTransport(way.transport, () => show())
    const options = { transport, swarm, ...maxPeersOfPage() }
    const mesh = await createMesh(invited ? { ...options, invite: href } : options)
    window.mesh = mesh
    startInvites(mesh, swarm)
    startWhy(mesh)
    showReply(mesh)
    startPage(mesh, transport, way.where)
    show = () => showSignaling(transport.status, way.where, mesh.neighbours.length)
    await join(mesh)
  } catch (error) {
    const code = codeOf(error)
    const words = error instanceof Error ? error.message : String(error)
    showNotice(`The mesh could not start: ${words}${code === '' ? '' : ` (${code})`}`)
  }
}

void start()
