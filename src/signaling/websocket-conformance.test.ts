import { describe, expect, it } from 'vitest'
import { newNetwork, newSession } from '../../server/network.testing.ts'
import { startServer, type TestServer } from '../../server/raw-client.testing.ts'
import { signalingConformance } from './conformance.ts'
import { WebSocketTransport } from './websocket.ts'

const FAST = { initialBackoff: 20, maxBackoff: 80 }

signalingConformance({ describe, it, expect }, 'WebSocket', async () => {
  let server: TestServer | undefined = await startServer()
  const { url, port } = server
  const networks = new Map<unknown, ReturnType<typeof newNetwork>>()
  const transports: WebSocketTransport[] = []
  return {
    transport() {
      const network = newNetwork()
      const transport = new WebSocketTransport(url, { ...FAST, WebSocket: network.WebSocket })
      networks.set(transport, network)
      transports.push(transport)
      return transport
    },
    session: newSession,
    cut: transport => networks.get(transport)?.cut(),
    async stop() {
      await server?.close()
      server = undefined
    },
    async start() {
      server = await startServer({}, port)
    },
    async dispose() {
      for (const transport of transports) transport.close()
      await server?.close()
    },
  }
})
