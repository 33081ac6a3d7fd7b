/**
 * Bytes and packets that have passed, of one link or of all.
 * @module
 */
export interface Traffic {
  bytesSent: number
  bytesReceived: number
  packetsSent: number
  packetsReceived: number
}

export function noTraffic(): Traffic {
  return { bytesSent: 0, bytesReceived: 0, packetsSent: 0, packetsReceived: 0 }
}
