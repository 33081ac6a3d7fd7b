/**
 * How this page meets others: by its signaling server, where there is one; on a static host, which has none, only the tabs of
 * this browser meet, and whoever is invited.
 * @module
 */
import { BroadcastChannelTransport, type SignalingTransport, WebSocketTransport } from 'tabmesh'

/** A server that is there opens a socket within this, ms. */
const PATIENCE = 1500

export interface WayIn {
  readonly transport: SignalingTransport
  /** Where it leads, for people. */
  readonly where: string
}

/** @param given the address was asked for: then it is the one, whether it answers or not */
export async function wayIn(url: string, given: boolean): Promise<WayIn> {
  if (given || typeof BroadcastChannel === 'undefined' || (await answers(url)))
    return { transport: new WebSocketTransport(url), where: url }
  return { transport: new BroadcastChannelTransport(), where: 'the tabs of this browser' }
}

function answers(url: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = new WebSocket(url)
    const end = (ok: boolean): void => {
      clearTimeout(timer)
      socket.close()
      resolve(ok)
    }
    const timer = setTimeout(() => end(false), PATIENCE)
    socket.onopen = () => end(true)
    socket.onerror = () => end(false)
  })
}
