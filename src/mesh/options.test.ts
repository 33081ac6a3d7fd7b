import { describe, expect, it } from 'vitest'
import { base32 } from '../protocol/id.ts'
import { MemorySignaling, MemoryTransport } from '../signaling/memory.ts'
import { createMesh } from './create.ts'
import { readOptions } from './options.ts'

const needed = { transport: new MemoryTransport(new MemorySignaling()), swarm: 'test' }
const key = new Uint8Array(32)

describe('options', () => {
  it('have defaults', () => {
    const settings = readOptions({ ...needed, maxPeers: undefined })
    expect(settings).toMatchObject({
      identity: 'persistent',
      maxPeers: 8,
      kademliaK: 20,
      order: 'fifo',
      connectTimeout: 10_000,
      bootstrapNodes: [],
      gossip: {},
    })
    expect(settings.iceServers).toHaveLength(2)
  })

  it('are kept as they are given', () => {
    const peer = base32(key)
    const given = {
      ...needed,
      identity: 'ephemeral',
      maxPeers: 5,
      iceServers: [
        { urls: ['turn:example.org'], username: 'u', credential: 'c' },
        { urls: 'stun:example.org' },
      ],
      bootstrapNodes: [peer],
      kademliaK: 8,
      gossip: { ackTimeout: 500, retryInterval: 500.5, maxRetries: 0, maxHops: 255, historyBytes: 65_536 },
      backoff: { initial: 500, max: 10_000, factor: 1.5, attempts: 5 },
      addressBook: false,
      interests: ['chat', 'game/*'],
      intents: [],
      order: 'causal',
      connectTimeout: 5000,
      relay: { maxCircuits: 2, bytesPerSecond: 65_536 },
      discover: false,
      accept: () => true,
      logger: console,
    }
    expect(readOptions(given)).toEqual(given)
  })

  it.each<[unknown, typeof Error, string]>([
    [undefined, TypeError, 'options must be an object, got undefined'],
    [[], TypeError, 'options must be an object, got an array of 0'],
    [{ ...needed, maxPeer: 8 }, TypeError, "unknown option 'maxPeer', did you mean 'maxPeers'?"],
    [
      { ...needed, gossip: { ackTimout: 1 } },
      TypeError,
      "unknown option 'gossip.ackTimout', did you mean 'gossip.ackTimeout'?",
    ],
    [
      { swarm: 'x' },
      TypeError,
      'transport must be a SignalingTransport, e.g. new WebSocketTransport(url), got undefined',
    ],
    [
      { ...needed, transport: 'wss://x' },
      TypeError,
      'transport must be a SignalingTransport, e.g. new WebSocketTransport(url), got "wss://x"',
    ],
    [{ ...needed, transport: [] }, RangeError, 'transport must be one, or a list of 1 … 16, got 0'],
    [
      { ...needed, transport: [needed.transport, needed.transport] },
      TypeError,
      'transport has the same object twice: make one for each place',
    ],
    [{ ...needed, transport: [needed.transport, 7] }, TypeError, 'transport must be a SignalingTransport'],
    [{ ...needed, transport: { open() {} } }, TypeError, 'got an object without send()'],
    [
      { transport: needed.transport },
      TypeError,
      'swarm must be text of 1 to 256 bytes in UTF-8, got undefined',
    ],
    [{ ...needed, swarm: '' }, RangeError, 'swarm must be text of 1 to 256 bytes in UTF-8, got ""'],
    [{ ...needed, swarm: 'é'.repeat(129) }, RangeError, 'swarm must be text of 1 to 256 bytes'],
    [{ ...needed, swarm: '\ud800' }, TypeError, 'swarm is not well-formed text'],
    [
      { ...needed, identity: 'permanent' },
      TypeError,
      "identity must be 'persistent', 'ephemeral' or an Identity, got \"permanent\"",
    ],
    [
      { ...needed, identity: { publicKey: new Uint8Array(31), sign() {} } },
      TypeError,
      'identity.publicKey must be a Uint8Array of 32 bytes',
    ],
    [
      { ...needed, identity: { publicKey: key } },
      TypeError,
      'identity.sign must be a function, got undefined',
    ],
    [{ ...needed, backoff: { factor: 0.5 } }, RangeError, 'backoff.factor must be 1 to 10, got 0.5'],
    [
      { ...needed, backoff: { initial: 9000, max: 8000 } },
      RangeError,
      'backoff.initial must be at most backoff.max (8000), got 9000',
    ],
    [{ ...needed, backoff: { tries: 3 } }, TypeError, "unknown option 'backoff.tries'"],
    [{ ...needed, addressBook: true }, TypeError, 'addressBook must be an AddressBook or false, got true'],
    [
      { ...needed, addressBook: { load() {} } },
      TypeError,
      'addressBook.save must be a function, got undefined',
    ],
    [{ ...needed, maxPeers: '8' }, TypeError, 'maxPeers must be an integer from 3 to 64, got "8"'],
    [{ ...needed, maxPeers: 2 }, RangeError, 'maxPeers must be an integer from 3 to 64, got 2'],
    [{ ...needed, maxPeers: 65 }, RangeError, 'got 65'],
    [{ ...needed, maxPeers: 2.5 }, RangeError, 'got 2.5'],
    [{ ...needed, maxPeers: Number.NaN }, RangeError, 'got NaN'],
    [{ ...needed, iceServers: 'stun:x' }, TypeError, 'iceServers must be an array, got "stun:x"'],
    [
      { ...needed, iceServers: [{}] },
      TypeError,
      'iceServers[0].urls must begin with stun:, stuns:, turn: or turns:, got undefined',
    ],
    [{ ...needed, iceServers: [{ urls: 'http://x' }] }, TypeError, 'got "http://x"'],
    [
      { ...needed, iceServers: [{ urls: 'turn:x', username: 'u' }] },
      TypeError,
      'iceServers[0].credential must be text for a TURN server',
    ],
    [
      { ...needed, bootstrapNodes: ['me'] },
      TypeError,
      'bootstrapNodes[0] must be a peer id (52 characters of lower-case base32), got "me"',
    ],
    [{ ...needed, kademliaK: 0 }, RangeError, 'kademliaK must be an integer from 1 to 256, got 0'],
    [{ ...needed, gossip: 3 }, TypeError, 'gossip must be an object, got 3'],
    [
      { ...needed, gossip: { maxHops: 256 } },
      RangeError,
      'gossip.maxHops must be an integer from 1 to 255, got 256',
    ],
    [
      { ...needed, gossip: { ackTimeout: Number.POSITIVE_INFINITY } },
      RangeError,
      'gossip.ackTimeout must be 10 to 60000 milliseconds, got Infinity',
    ],
    [
      { ...needed, connectTimeout: 0 },
      RangeError,
      'connectTimeout must be 500 to 120000 milliseconds, got 0',
    ],
    [{ ...needed, order: 'total' }, TypeError, "order must be 'fifo', 'causal' or 'none', got \"total\""],
    [{ ...needed, logger: { debug() {} } }, TypeError, 'logger.info must be a function, got undefined'],
    [{ ...needed, logger: null }, TypeError, 'logger must be an object like console, got null'],
  ])('are refused by name: %#', async (options, type, message) => {
    const refusal = await createMesh(options as never).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(type)
    expect((refusal as Error).message).toContain(message)
  })
})
