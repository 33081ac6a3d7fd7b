/**
 * What a browser lets diagnose() try: connections that only gather, and sockets that only open.
 * @module
 */
import type { Candidate, Probes } from './diagnose.ts'

export function browserProbes(): Probes {
  return {
    webrtc: typeof RTCPeerConnection === 'function',
    gather,
    dial,
    clock: () => performance.now(),
    limit(ms, signal) {
      const controller = new AbortController()
      const abort = (): void => controller.abort()
      const timer = setTimeout(abort, ms)
      signal?.addEventListener('abort', abort)
      if (signal?.aborted === true) abort()
      return {
        signal: controller.signal,
        done() {
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
        },
      }
    },
  }
}

async function gather(server: RTCIceServer, signal: AbortSignal): Promise<readonly Candidate[]> {
  const iceServers = server.urls.length === 0 ? [] : [server]
  const connection = new RTCPeerConnection({ iceServers })
  const found: Candidate[] = []
  try {
    connection.createDataChannel('')
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => resolve())
      if (signal.aborted) resolve()
      connection.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate === null) resolve()
        // The last one of Firefox is an empty line.
        else if (candidate.candidate !== '')
          found.push({
            type: candidate.type ?? '',
            address: candidate.address ?? '',
            port: candidate.port ?? 0,
          })
      })
      connection
        .createOffer()
        .then(offer => connection.setLocalDescription(offer))
        .catch(reject)
    })
  } finally {
    connection.close()
  }
  return found
}

function dial(url: string, signal: AbortSignal): Promise<boolean> {
  const socket = new WebSocket(url)
  return new Promise<boolean>(resolve => {
    socket.onopen = () => resolve(true)
    socket.onerror = () => resolve(false)
    signal.addEventListener('abort', () => resolve(false))
  }).finally(() => socket.close())
}
