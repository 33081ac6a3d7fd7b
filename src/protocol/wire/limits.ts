/**
 * The bounds of the wire: what a decoder accepts before it allocates. Every limit that both ends must agree
 * on lives here; docs/WIRE.md repeats them.
 * @module
 */

/** Protocol version, in the first frame of every link. A change that old peers cannot read raises it. */
export const VERSION = 1

/** Largest packet on a link, bytes (RFC 8831 §6.6: 16 KiB interoperates everywhere). */
export const MAX_PACKET = 16_384
/** Largest frame, fragments put together: a message body and the most a header adds. */
export const MAX_BODY = 16 * 1024 * 1024
export const MAX_FRAME = MAX_BODY + 4096
/** Frames in one bundle packet. */
export const MAX_FRAMES_PER_PACKET = 1024
/** Bytes of a topic in UTF-8. */
export const MAX_TOPIC = 256
/** Peer ids in one list (neighbours, shuffles, alternatives). */
export const MAX_IDS = 32
/** Entries of one gossip digest. */
export const MAX_DIGEST = 1024
/** Hops a direct message may take before it is dropped, detours included. */
export const MAX_HOPS = 255

/** Largest packet in a circuit, bytes: sealed and in its frame it fits a packet of the link. */
export const MAX_CIRCUIT_PACKET = MAX_PACKET - 64
/** What may be on its way in one direction of a circuit, bytes; each packet counts as its box and so much more. */
export const CIRCUIT_WINDOW = 262_144
export const CIRCUIT_OVERHEAD = 64
