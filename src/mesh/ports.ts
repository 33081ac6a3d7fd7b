/**
 * Everything a mesh needs of the world, in one place: the browser's (create.ts), or a test's.
 * @module
 */
import type { Identity } from '../identity/identity.ts'
import type { LinkFactory } from '../link/port.ts'
import type { Random } from '../protocol/random.ts'
import type { ChannelConstructor } from '../signaling/broadcast-channel.ts'
import type { SignalingTransport } from '../signaling/port.ts'
import type { Probes } from './diagnose.ts'

/** One-shot timers. */
export interface Timers {
  set(task: () => void, milliseconds: number): number
  clear(timer: number): void
}

/** What the page is told when it goes away and comes back, and what it shows of itself; `window` in a browser. */
export type Page = Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & {
  readonly document?: { readonly visibilityState: string }
  readonly navigator?: object
}

/** The platform: links, time, chance, the page. */
export interface Platform {
  readonly links: LinkFactory
  readonly random: Random
  readonly timers: Timers
  /** Milliseconds that only go forward. */
  clock(): number
  /** Milliseconds since 1970. */
  wallClock(): number
  readonly page: Page | undefined
  /** Between tabs of one origin; absent where there is none. */
  readonly BroadcastChannel?: ChannelConstructor | undefined
  /** What diagnose() can try; without it there is nothing to try. */
  readonly probes?: Probes | undefined
  /** Why there can be no links here, as a sentence that says what to do; `undefined` where there can. */
  readonly unsupported: string | undefined
}

/** The platform, and what one mesh brings. */
export interface Ports extends Platform {
  readonly transport: SignalingTransport
  readonly identity: Identity
  /** Whether a signature is the key's over the bytes. */
  verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>
}
