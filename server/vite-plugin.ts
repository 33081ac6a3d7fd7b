/**
 * The signaling server inside Vite: in `vite dev` and `vite preview`, on the same port as the page. Vite's own
 * socket for hot updates is left alone.
 * @module
 */
import { attachSignaling, type Signaling, type UpgradeSource } from './attach.ts'
import { type SignalingOptions, settingsFrom } from './options.ts'

/** What is needed of a Vite server (structural, so that this package's types do not depend on Vite's). */
interface ViteServer {
  /** `null` in middleware mode: there is no server to ride on. */
  readonly httpServer: (UpgradeSource & { once(event: 'close', listener: () => void): unknown }) | null
  readonly config: { readonly logger: { warn(message: string): void } }
  close(): Promise<void>
}

/** A Vite plugin. */
export interface SignalingPlugin {
  readonly name: string
  configureServer(server: ViteServer): void
  configurePreviewServer(server: ViteServer): void
}

/**
 * @throws TypeError or RangeError naming the option
 * @example
 * export default defineConfig({ plugins: [signalingPlugin()] })
 */
export function signalingPlugin(options: SignalingOptions = {}): SignalingPlugin {
  settingsFrom(options)
  const attach = (server: ViteServer) => {
    if (server.httpServer === null) {
      server.config.logger.warn(
        'tabmesh: no signaling in middleware mode; attachSignaling() to your own server',
      )
      return
    }
    sayByeOnClose(server, attachSignaling(server.httpServer, options))
  }
  return { name: 'tabmesh-signaling', configureServer: attach, configurePreviewServer: attach }
}

/** Vite destroys open sockets when it closes: the good-bye must come first. */
function sayByeOnClose(server: ViteServer, signaling: Signaling): void {
  const close = server.close.bind(server)
  server.close = async () => {
    await signaling.close()
    await close()
  }
  server.httpServer?.once('close', () => void signaling.close())
}
