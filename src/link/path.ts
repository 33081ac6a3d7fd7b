/**
 * How a connection's packets travel, out of its statistics (W3C "Identifiers for WebRTC's Statistics API").
 * @module
 */
import type { LinkPath } from './port.ts'

const UNKNOWN: LinkPath = { kind: 'unknown', local: '', remote: '' }

export async function pathOf(connection: RTCPeerConnection | undefined): Promise<LinkPath> {
  try {
    return connection ? readPath(await connection.getStats()) : UNKNOWN
  } catch {
    return UNKNOWN
  }
}

/** The candidate types of the pair in use: the transport names it; Firefox marks the pair itself. */
export function readPath(report: Pick<ReadonlyMap<string, unknown>, 'get' | 'forEach'>): LinkPath {
  let pair: Fields | undefined
  report.forEach(value => {
    const stats = fields(value)
    if (stats['type'] === 'transport' && typeof stats['selectedCandidatePairId'] === 'string') {
      pair = fields(report.get(stats['selectedCandidatePairId']))
    } else if (stats['type'] === 'candidate-pair' && stats['selected'] === true) {
      pair ??= stats
    }
  })
  if (!pair) return UNKNOWN
  const local = candidateType(report, pair['localCandidateId'])
  const remote = candidateType(report, pair['remoteCandidateId'])
  if (local === '' && remote === '') return UNKNOWN
  const kind = local === 'relay' || remote === 'relay' ? 'turn' : 'direct'
  const { address, port } = fields(report.get(String(pair['remoteCandidateId'])))
  // A candidate of an mDNS name has none: whoever hides its address has it hidden.
  if (typeof address !== 'string' || !/^[0-9a-f.:]+$/i.test(address)) return { kind, local, remote }
  return {
    kind,
    local,
    remote,
    address: `${address.includes(':') ? `[${address}]` : address}:${Number(port)}`,
  }
}

type Fields = Readonly<Record<string, unknown>>

function candidateType(report: Pick<ReadonlyMap<string, unknown>, 'get'>, id: unknown): string {
  const type = fields(report.get(String(id)))['candidateType']
  return typeof type === 'string' ? type : ''
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
