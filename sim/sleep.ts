/**
 * A machine that sleeps: nothing happens to its peer, and what others send it is lost. It wakes as a browser's driver does:
 * the sleep is noticed at once, and the socket to the signaling server, which has not lasted, is opened anew.
 * @module
 */
import type { Peer } from './peer.ts'
import { NOTICES_DEATH, Request } from './signaling.ts'
import type { World } from './world.ts'

/** @param told the page was hidden or frozen first, and has told its neighbours */
export function sleep(world: World, peer: Peer, duration: number, told: boolean): void {
  if (told) world.notice(peer, { kind: 'rest', resting: true })
  peer.asleep = true
  if (duration > NOTICES_DEATH) world.server.lost(peer)
  world.at(world.now + duration, () => {
    peer.asleep = false
    if (peer.life !== 'live') return
    world.notice(peer, { kind: 'signaling-down' })
    world.server.request(peer, Request.JOIN)
    world.notice(peer, { kind: 'rest', resting: false })
  })
  world.freeze(peer, duration)
}
