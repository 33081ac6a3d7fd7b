/**
 * What a swarm is found by: the hash of its name, so that the signaling server never learns the name.
 *
 *     discovery-key = SHA-256( "tabmesh swarm 1" ‖ name in UTF-8 )
 * @module
 */
import { sha256 } from '../crypto/hash.ts'
import { utf8Encode } from '../protocol/wire/text.ts'
import { Writer } from '../protocol/wire/writer.ts'

const DOMAIN = utf8Encode('tabmesh swarm 1')

/** 32 bytes. */
export function discoveryKeyOf(swarm: string): Uint8Array {
  return sha256(new Writer().bytes(DOMAIN).bytes(utf8Encode(swarm)).finish())
}
