/**
 * Signals as they come from the other side: JSON that is one description, one candidate, or the wish for a new path
 * (`restart`, of which simple-peer never hears). Everything else that simple-peer would act on (renegotiation, transceivers) is refused here, and so are descriptions that
 * ask for more than one data channel: a stranger must not make this page negotiate media.
 * @module
 */

/** Longest signal, characters of JSON: a description with 30 candidates inside has some 4,000. */
export const MAX_SIGNAL = 16_384

export type Signal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: RTCIceCandidateInit }
  | { readonly type: 'restart' }

/** The signal, or `undefined` for anything else. */
export function readSignal(data: string): Signal | undefined {
  if (data.length > MAX_SIGNAL) return undefined
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  const { type, sdp, candidate } = value
  if (type === 'offer' || type === 'answer') {
    return typeof sdp === 'string' && isDataOnly(sdp) ? { type, sdp } : undefined
  }
  if (type === 'restart') return { type }
  return type === 'candidate' && isCandidate(candidate) ? { type, candidate } : undefined
}

function isCandidate(value: unknown): value is RTCIceCandidateInit & Record<string, unknown> {
  if (!isRecord(value) || typeof value['candidate'] !== 'string') return false
  const { sdpMid = null, sdpMLineIndex = null } = value
  if (sdpMid !== null && typeof sdpMid !== 'string') return false
  if (sdpMLineIndex !== null && !Number.isInteger(sdpMLineIndex)) return false
  // RTCIceCandidate throws without either (WebRTC 1.0 §4.8.1).
  return sdpMid !== null || sdpMLineIndex !== null
}

/** One media section, and that a data channel. */
function isDataOnly(sdp: string): boolean {
  const sections = sdp.match(/^m=.*$/gm) ?? []
  return sections.length === 1 && (sections[0] ?? '').startsWith('m=application ')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
