/**
 * What tests of clients have in common: sessions with keys, and a network that can be cut.
 * @module
 */
import { sign } from 'node:crypto'
import { WebSocket } from 'ws'
import { newKey, SWARM } from './raw-client.testing.ts'

/** A fresh peer of a swarm, with a key that signs. */
export function newSession(discoveryKey: string = SWARM) {
  const { id, publicKey, privateKey } = newKey()
  return {
    id,
    publicKey: new Uint8Array(publicKey),
    discoveryKey,
    record: new Uint8Array(publicKey.subarray(0, 8)),
    sign: async (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, privateKey)),
  }
}

/** A WebSocket class whose sockets are counted and can be cut. */
export function newNetwork() {
  const open = new Set<WebSocket>()
  let gone = false
  let dialled = 0
  class CuttableWebSocket extends WebSocket {
    constructor(url: string) {
      if (gone) throw new Error('no network')
      super(url)
      dialled++
      open.add(this)
      this.on('close', () => open.delete(this))
    }
  }
  const drop = () => {
    for (const socket of open) socket.terminate()
  }
  return {
    WebSocket: CuttableWebSocket,
    /** The connection is gone; the next one can be made. */
    drop,
    /** The network is gone for good. */
    cut() {
      gone = true
      drop()
    },
    dialled: () => dialled,
  }
}
