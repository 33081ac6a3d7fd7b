/**
 * The part of simple-peer 9.11.1 that simple-peer.ts uses. @types/simple-peer is not used: it brings the types
 * of Node into rooms that run in a browser.
 */
declare module 'simple-peer' {
  interface Options {
    readonly initiator: boolean
    readonly objectMode: boolean
    readonly trickle: boolean
    readonly channelConfig: RTCDataChannelInit
    readonly iceCompleteTimeout: number
    readonly wrtc: {
      readonly RTCPeerConnection: unknown
      readonly RTCSessionDescription: unknown
      readonly RTCIceCandidate: unknown
    }
  }

  export default class Peer {
    constructor(options: Options)
    signal(data: object): void
    negotiate(): void
    destroy(): void
    on(event: 'signal', listener: (data: object) => void): this
    on(event: 'error', listener: (error: Error & { readonly code?: string }) => void): this
    on(event: 'close', listener: () => void): this
  }
}
