/**
 * The browser as a mesh needs it. Everything is looked up when it is called, so that importing the library in
 * a server-side renderer touches nothing.
 * @module
 */
import { SimplePeerLinkFactory } from '../link/simple-peer.ts'
import type { ChannelConstructor } from '../signaling/broadcast-channel.ts'
import { browserProbes } from './browser-probes.ts'
import type { Platform } from './ports.ts'
import { webRandom } from './random.ts'

const NO_WEBRTC =
  'this environment has no RTCPeerConnection: join from a page of a browser with WebRTC (not a worker, ' +
  'not Node), and check that no extension or policy switches it off'

export function browserPlatform(iceServers: readonly RTCIceServer[], connectTimeout: number): Platform {
  const supported = typeof RTCPeerConnection === 'function'
  return {
    links: supported
      ? new SimplePeerLinkFactory({ iceServers, connectTimeout })
      : {
          open() {
            throw new TypeError(NO_WEBRTC)
          },
        },
    unsupported: supported ? undefined : NO_WEBRTC,
    probes: browserProbes(),
    random: webRandom(),
    timers: {
      set: (task, milliseconds) => setTimeout(task, milliseconds) as unknown as number,
      clear: timer => clearTimeout(timer),
    },
    clock: () => performance.now(),
    wallClock: () => Date.now(),
    BroadcastChannel: globalThis.BroadcastChannel as ChannelConstructor | undefined,
    page: typeof window === 'undefined' ? undefined : window,
  }
}
