/**
 * The transport that docs/TRANSPORTS.md shows does what it is said to: read from the page, it passes the suite.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { newSession } from '../../server/network.testing.ts'
import { signalingConformance } from './conformance.ts'
import type { SignalingTransport } from './port.ts'

vi.setConfig({ testTimeout: 30_000 })

type Listen = (message: unknown) => void
interface Will {
  readonly room: string
  readonly message: unknown
}

const page = readFileSync(new URL('../../docs/TRANSPORTS.md', import.meta.url), 'utf8')
const code = /<!-- transport -->\n```js\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
const { RoomTransport } = (await import(
  /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
)) as { RoomTransport: new (connect: (will: Will) => Connection) => SignalingTransport }

/** Rooms in this process: what is published is told to all in the room, a moment later. */
class Rooms {
  readonly rooms = new Map<string, Set<Listen>>()

  publish(room: string, message: unknown): void {
    const copy = structuredClone(message)
    for (const listen of this.rooms.get(room) ?? []) queueMicrotask(() => listen(copy))
  }
}

class Connection {
  private readonly rooms: Rooms
  private readonly will: Will
  private listen: Listen | undefined
  private open = true

  constructor(rooms: Rooms, will: Will) {
    this.rooms = rooms
    this.will = will
  }

  publish(room: string, message: unknown): void {
    if (this.open) this.rooms.publish(room, message)
  }

  subscribe(room: string, listen: Listen): void {
    this.listen = message => this.open && listen(message)
    this.rooms.rooms.set(room, (this.rooms.rooms.get(room) ?? new Set()).add(this.listen))
  }

  end(): void {
    this.open = false
  }

  lose(): void {
    this.end()
    this.rooms.publish(this.will.room, this.will.message)
  }
}

it('the page has a transport of a hundred lines at most', () => {
  expect(code.split('\n').length).toBeGreaterThan(40)
  expect(code.split('\n').length).toBeLessThanOrEqual(100)
})

signalingConformance(
  { describe, it, expect },
  'the one of docs/TRANSPORTS.md',
  async () => {
    const rooms = new Rooms()
    const made: { transport: SignalingTransport; connections: Connection[] }[] = []
    return {
      transport() {
        const connections: Connection[] = []
        const transport = new RoomTransport(will => {
          const connection = new Connection(rooms, will)
          connections.push(connection)
          return connection
        })
        made.push({ transport, connections })
        return transport
      },
      session: newSession,
      cut: transport =>
        made
          .find(one => one.transport === transport)
          ?.connections.at(-1)
          ?.lose(),
      async dispose() {
        for (const { transport } of made) transport.close()
      },
    }
  },
  { serverless: true },
)
