import type { PeerId, SignalingEvents, SignalingSession, SignalingTransport } from 'tabmesh'
import { expect, test } from 'vitest'
import { CuttableTransport } from './cuttable-transport.ts'

/** An adapter of the port whose other end is this test. */
class Wire implements SignalingTransport {
  events: SignalingEvents | undefined
  past: SignalingEvents | undefined
  sent = 0
  open(_session: SignalingSession, events: SignalingEvents): void {
    this.events = events
  }
  send(): boolean {
    this.sent++
    return true
  }
  sample(): void {}
  close(): void {
    this.past = this.events
    this.events = undefined
  }
}

const session: SignalingSession = {
  id: 'a'.repeat(52) as PeerId,
  publicKey: new Uint8Array(32),
  discoveryKey: 'a'.repeat(52),
  record: new Uint8Array(0),
  sign: async () => new Uint8Array(64),
}

function setUp() {
  const wire = new Wire()
  const told: string[] = []
  const heard: string[] = []
  const transport = new CuttableTransport(wire, ({ kind }) => told.push(kind))
  const events: SignalingEvents = {
    up: () => heard.push('up'),
    sample: () => heard.push('sample'),
    down: reason => heard.push(`down: ${reason}`),
    envelope: () => heard.push('envelope'),
    left: () => heard.push('left'),
    warning: code => heard.push(`warning: ${code}`),
  }
  return { wire, told, heard, transport, events }
}

test('uncut, it passes everything through', () => {
  const { wire, told, heard, transport, events } = setUp()
  transport.open(session, events)
  wire.events?.up([])
  wire.events?.envelope(new Uint8Array(1))
  expect(transport.send(session.id, new Uint8Array(1))).toBe(true)
  transport.close()
  expect(heard).toEqual(['up', 'envelope'])
  expect(told).toEqual(['connecting', 'up', 'closed'])
})

test('cut, the mesh is told once, after the call, and nothing passes', async () => {
  const { wire, told, heard, transport, events } = setUp()
  transport.open(session, events)
  wire.events?.up([])
  transport.sever()
  transport.sever()
  expect(heard).toEqual(['up'])
  await Promise.resolve()
  wire.past?.envelope(new Uint8Array(1))
  expect(heard).toEqual(['up', 'down: cut by hand'])
  expect(transport.send(session.id, new Uint8Array(1))).toBe(false)
  expect(wire.sent).toBe(0)
  expect(told).toEqual(['connecting', 'up', 'cut'])
})

test('restored, it joins again with the same session', () => {
  const { wire, heard, transport, events } = setUp()
  transport.open(session, events)
  transport.sever()
  transport.restore()
  wire.events?.up([])
  expect(heard).toEqual(['up'])
  expect(transport.status.kind).toBe('up')
})

test('a mesh that joins or leaves while cut meets a transport that is down', async () => {
  const { wire, heard, transport, events } = setUp()
  transport.sever()
  transport.open(session, events)
  await Promise.resolve()
  expect(wire.events).toBeUndefined()
  expect(heard).toEqual(['down: cut by hand'])
  transport.close()
  transport.restore()
  expect(wire.events).toBeUndefined()
  expect(transport.status.kind).toBe('closed')
})
