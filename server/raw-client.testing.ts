/**
 * What tests of the server have in common: a real server on a free port, keys, and a client that sends what it
 * is told to, good or bad.
 * @module
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import {
  type ClientMessage,
  challengeToSign,
  encodeClientMessage,
  type PeerId,
  parseServerMessage,
  type ServerMessage,
} from '../src/signaling/message.ts'
import { attachSignaling, type Signaling } from './attach.ts'
import type { SignalingOptions } from './options.ts'
import { idOfKey } from './proof.ts'

export const SWARM = 'a'.repeat(52)

export interface Key {
  readonly id: PeerId
  readonly publicKey: Buffer
  readonly privateKey: KeyObject
}

export function newKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  return { id: idOfKey(raw), publicKey: raw, privateKey }
}

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly http: Server
  readonly signaling: Signaling
  close(): Promise<void>
}

/** A real server on an ephemeral port, or the one given. */
export async function startServer(options: SignalingOptions = {}, port = 0): Promise<TestServer> {
  const http = createServer((_request, response) => response.end('page'))
  const signaling = attachSignaling(http, options)
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, '127.0.0.1', resolve)
  })
  const bound = (http.address() as AddressInfo).port
  return {
    url: `ws://127.0.0.1:${bound}${options.path ?? '/signal'}`,
    port: bound,
    http,
    signaling,
    async close() {
      const closed = new Promise(resolve => http.close(resolve))
      await signaling.close()
      http.closeAllConnections()
      await closed
    },
  }
}

type Challenge = Extract<ServerMessage, { type: 'challenge' }>

export function joinMessage(
  key: Key,
  challenge: Challenge,
  swarm: string = SWARM,
  resume = false,
): Extract<ClientMessage, { type: 'join' }> {
  const nonce = Buffer.from(challenge.nonce, 'base64')
  const signed = challengeToSign(nonce, swarm, key.publicKey, challenge.server ?? '')
  return {
    type: 'join',
    key: key.publicKey.toString('base64'),
    swarm,
    record: Buffer.from(`record of ${key.id}`).toString('base64'),
    signature: sign(null, signed, key.privateKey).toString('base64'),
    ...(resume ? { resume } : {}),
  }
}

/** A client that believes nothing and waits for each message by its type. */
export class RawClient {
  readonly key = newKey()
  readonly socket: WebSocket
  readonly heard: ServerMessage[] = []
  /** Resolves to the close code. */
  readonly closed: Promise<number>
  private read = 0
  private isClosed = false
  private notify: () => void = () => {}

  constructor(url: string) {
    this.socket = new WebSocket(url, { perMessageDeflate: false })
    this.socket.on('error', () => {})
    this.socket.on('message', data => {
      const parsed = parseServerMessage(String(data))
      if (!parsed.ok) throw new Error(`the server sent what it must not: ${parsed.problem}: ${String(data)}`)
      this.heard.push(parsed.message)
      this.notify()
    })
    this.closed = new Promise(resolve => {
      this.socket.on('close', code => {
        this.isClosed = true
        this.notify()
        resolve(code)
      })
    })
  }

  /** Connects and joins. */
  static async join(url: string, swarm = SWARM): Promise<RawClient> {
    const client = new RawClient(url)
    await client.join(swarm)
    return client
  }

  async join(swarm = SWARM, key: Key = this.key, resume = false) {
    this.send(joinMessage(key, await this.next('challenge'), swarm, resume))
    return this.next('joined')
  }

  send(message: ClientMessage): void {
    this.sendText(encodeClientMessage(message))
  }

  sendText(text: string | Uint8Array): void {
    this.socket.send(text)
  }

  /** The next message of a type; messages of other types before it are passed over. */
  async next<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    for (;;) {
      while (this.read < this.heard.length) {
        const message = this.heard[this.read++]
        if (message?.type === type) return message as Extract<ServerMessage, { type: T }>
      }
      if (this.isClosed) throw new Error(`closed before ${type}; heard ${this.heard.map(({ type }) => type)}`)
      await new Promise<void>(resolve => {
        this.notify = resolve
      })
    }
  }

  /** Waits until the server has handled everything sent so far. */
  async settled(): Promise<void> {
    this.send({ type: 'renew' })
    await this.next('renewed')
  }

  count(type: ServerMessage['type']): number {
    return this.heard.filter(message => message.type === type).length
  }

  close(): void {
    this.socket.close()
  }

  /** As a crash: the connection is gone without a word. */
  crash(): void {
    this.socket.terminate()
  }
}
