/**
 * Makes a mesh: checks the options, opens the identity, signs the peer record, composes the node and its driver.
 * @module
 */
import { IndexedDbAddressBook } from '../book/indexeddb.ts'
import type { AddressBook } from '../book/port.ts'
import { createSealer, SEAL_SEED_BYTES } from '../crypto/seal.ts'
import { signatures } from '../crypto/sign.ts'
import type { Identity } from '../identity/identity.ts'
import { openIdentity } from '../identity/open.ts'
import { verifyIdentity } from '../identity/verify.ts'
import { GOSSIP_DEFAULTS } from '../protocol/gossip/config.ts'
import { base32 } from '../protocol/id.ts'
import { Node } from '../protocol/node.ts'
import { encodeRecord, idOfKey, recordToSign } from '../protocol/record.ts'
import type { Mesh } from './api.ts'
import type { MeshWarning } from './api-events.ts'
import type { InvitedOptions, MeshOptions } from './api-options.ts'
import { browserPlatform } from './browser.ts'
import { openInvite, transportOf } from './invite/open.ts'
import { shielded } from './logger.ts'
import { LiveMesh } from './mesh.ts'
import { readOptions, type Settings } from './options.ts'
import type { Platform } from './ports.ts'
import { discoveryKeyOf } from './swarm.ts'

/**
 * Makes a mesh. Nothing goes over the network before `join()`.
 *
 * @param options see {@link MeshOptions}: `transport` and `swarm` are all that is needed
 * @returns a mesh that has not joined yet; `peerId` is known, `state` is `idle`
 * With `invite` in their place it joins through the peer that made it.
 * @throws MeshError `invite-invalid` or `invite-expired`
 * @throws TypeError or RangeError naming the option and what it got, before anything has happened; an unknown
 * option is told the nearest known one
 *
 * @example
 * const mesh = await createMesh({ transport: new WebSocketTransport('wss://example.org/signal'), swarm: 'my-app' })
 * mesh.subscribe('chat', ({ from, data }) => show(from, data))
 * await mesh.join()
 * await mesh.sendBroadcast('chat', 'hello')
 */
export async function createMesh(options: MeshOptions | InvitedOptions): Promise<Mesh> {
  const settings = readOptions(options)
  return compose(settings, browserPlatform(settings.iceServers, settings.connectTimeout))
}

/** {@link createMesh} on another platform than the browser's. Not public. */
export async function createMeshWith(
  options: MeshOptions | InvitedOptions,
  platform: Platform,
): Promise<Mesh> {
  return compose(readOptions(options), platform)
}

async function compose(settings: Settings, platform: Platform): Promise<Mesh> {
  // Warnings that come before there is a mesh to tell them.
  const early: MeshWarning[] = []
  let warn = (warning: MeshWarning): void => {
    early.push(warning)
  }
  const { verify } = await signatures().then(backend => ({ verify: backend.verify.bind(backend) }))
  const { swarm = '' } = settings
  const invite =
    settings.invite === undefined
      ? undefined
      : await openInvite(settings.invite, settings.swarm, platform.wallClock(), verify)
  const transport = settings.transport ?? (invite && transportOf(invite))
  if (transport === undefined) throw new TypeError('transport is missing')
  const identity = await identityOf(settings, warning => warn(warning))
  try {
    const { random, wallClock } = platform
    const { publicKey } = identity
    const discoveryKey = invite?.discoveryKey ?? discoveryKeyOf(swarm)
    const sealer = createSealer(random.bytes(SEAL_SEED_BYTES))
    const epoch = wallClock()
    const signature = await identity.sign(recordToSign(discoveryKey, publicKey, sealer.publicKey, epoch))
    const node = new Node({
      id: idOfKey(publicKey),
      publicKey,
      record: encodeRecord(publicKey, sealer.publicKey, epoch, signature),
      discoveryKey,
      epoch,
      maxPeers: settings.maxPeers,
      kademliaK: settings.kademliaK,
      connectTimeout: settings.connectTimeout,
      backoff: settings.backoff,
      gossip: settings.gossip,
      relay: settings.relay,
      screens: settings.accept !== undefined,
      random,
      sealer,
    })
    const ports = { ...platform, transport, identity, verify }
    const logger = shielded(settings.logger)
    const { bootstrapNodes, gossip, order, backoff } = settings
    const store = bookOf(settings, identity)
    const keeping = store && {
      store,
      key: `${node.config.id} ${base32(discoveryKey)}`,
      backoff,
      persist: bootstrapNodes,
      via: transport.name ?? '',
    }
    const { historyBytes = GOSSIP_DEFAULTS.historyBytes } = gossip
    const mesh = new LiveMesh(
      node,
      ports,
      {
        bootstrapNodes,
        historyBytes,
        order,
        logger,
        keeping,
        invite,
        accept: settings.accept,
        iceServers: settings.iceServers,
      },
      () => identity.release?.(),
    )
    mesh.discover(settings.discover)
    mesh.setIntents(settings.intents)
    mesh.setInterests(settings.interests)
    warn = warning => mesh.warn(warning)
    for (const warning of early) warn(warning)
    return mesh
  } catch (error) {
    identity.release?.()
    throw error
  }
}

/** The address book to keep; none for an identity that does not outlive the page. */
function bookOf({ addressBook, identity }: Settings, opened: Identity): AddressBook | undefined {
  if (addressBook !== undefined) return addressBook || undefined
  const lasts = typeof identity === 'object' || opened.release !== undefined
  return lasts && 'indexedDB' in globalThis ? new IndexedDbAddressBook() : undefined
}

async function identityOf({ identity }: Settings, warn: (warning: MeshWarning) => void): Promise<Identity> {
  if (typeof identity === 'object') return verifyIdentity(identity)
  return (await openIdentity({ kind: identity }, warn)).identity
}
