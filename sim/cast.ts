/**
 * Casting: the keys, the record and the machine of a peer, all drawn from the seed and its number.
 * @module
 */

import { sha256 } from '../src/crypto/hash.ts'
import { encodeRecord, idOfKey, keepParsed, recordToSign } from '../src/protocol/record.ts'
import type { MachineFactory } from './machine.ts'
import type { SimOptions } from './options.ts'
import { Peer } from './peer.ts'
import { Stream } from './random.ts'
import { StandInSealer, sign } from './stand-in-crypto.ts'
import { drawTraits, swallows } from './traits.ts'

/** The wall-clock time at which virtual time begins, Unix milliseconds. */
const EPOCH = 1_800_000_000_000

// All peers of a run share them.
keepParsed(65_536)

/** The one swarm of a run. */
export const DISCOVERY_KEY = sha256(Uint8Array.from('simulated swarm', char => char.charCodeAt(0)))

export function castPeer(index: number, options: SimOptions, now: number, factory: MachineFactory): Peer {
  const random = Stream.of(options.seed, `peer ${index}`)
  const publicKey = random.bytes(32)
  const sealer = new StandInSealer(random.bytes(32))
  const traits = drawTraits(index, options)
  const epoch = EPOCH + Math.floor(now + traits.skew)
  const signature = sign(publicKey, recordToSign(DISCOVERY_KEY, publicKey, sealer.publicKey, epoch))
  const record = encodeRecord(publicKey, sealer.publicKey, epoch, signature)
  const id = idOfKey(publicKey)
  const machine = factory({
    id,
    publicKey,
    record,
    discoveryKey: DISCOVERY_KEY,
    epoch,
    maxPeers: options.maxPeers,
    kademliaK: options.kademliaK,
    connectTimeout: options.connectTimeout,
    random,
    sealer,
  })
  if (traits.silent) machine.muzzle?.(swallows)
  return new Peer(index, id, publicKey, record, machine, now, traits)
}
