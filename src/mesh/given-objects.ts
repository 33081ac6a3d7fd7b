/**
 * The objects that an application gives in options: transports, identity, ICE servers, address book, logger. What is not what it
 * has to be is a TypeError or RangeError that names the option and what it got.
 * @module
 */
import type { AddressBook } from '../book/port.ts'
import type { Identity } from '../identity/identity.ts'
import { ID_BYTES } from '../protocol/id.ts'
import type { SignalingTransport } from '../signaling/port.ts'
import { MAX_TRANSPORTS, SeveralTransports } from '../signaling/several.ts'
import type { Logger } from './api-options.ts'
import { checkFunction, mistyped } from './arguments.ts'

/** One transport, or several made one. */
export function readTransport(given: unknown): SignalingTransport {
  if (!Array.isArray(given)) {
    checkTransport(given)
    return given
  }
  const transports: unknown[] = given
  if (transports.length === 0 || transports.length > MAX_TRANSPORTS)
    throw new RangeError(
      `transport must be one, or a list of 1 … ${MAX_TRANSPORTS}, got ${transports.length}`,
    )
  if (new Set(transports).size < transports.length)
    throw new TypeError('transport has the same object twice: make one for each place')
  const checked = transports.map(each => {
    checkTransport(each)
    return each
  })
  const [only] = checked
  return checked.length === 1 && only !== undefined ? only : new SeveralTransports(checked)
}

function checkTransport(transport: unknown): asserts transport is SignalingTransport {
  const wanted = 'transport must be a SignalingTransport, e.g. new WebSocketTransport(url)'
  if (typeof transport !== 'object' || transport === null) throw mistyped(wanted, transport)
  for (const method of ['open', 'send', 'sample', 'close'])
    if (typeof Reflect.get(transport, method) !== 'function')
      throw new TypeError(`${wanted}, got an object without ${method}()`)
}

export function checkIdentity(identity: unknown): asserts identity is 'persistent' | 'ephemeral' | Identity {
  if (identity === 'persistent' || identity === 'ephemeral') return
  const wanted = "identity must be 'persistent', 'ephemeral' or an Identity"
  if (typeof identity !== 'object' || identity === null) throw mistyped(wanted, identity)
  const publicKey: unknown = Reflect.get(identity, 'publicKey')
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== ID_BYTES)
    throw new TypeError(`${wanted}; identity.publicKey must be a Uint8Array of ${ID_BYTES} bytes`)
  checkFunction('identity.sign', Reflect.get(identity, 'sign'))
}

/** What RTCPeerConnection would refuse, said while one still knows where it came from. */
export function checkIceServers(servers: unknown): asserts servers is readonly RTCIceServer[] {
  if (!Array.isArray(servers)) throw mistyped('iceServers must be an array', servers)
  servers.forEach((server: unknown, i) => {
    const name = `iceServers[${i}]`
    if (typeof server !== 'object' || server === null)
      throw mistyped(`${name} must be an object with urls`, server)
    const urls: unknown = Reflect.get(server, 'urls')
    for (const url of Array.isArray(urls) ? urls : [urls]) {
      if (typeof url !== 'string' || !/^(stun|turn)s?:./.test(url))
        throw mistyped(`${name}.urls must begin with stun:, stuns:, turn: or turns:`, url)
      for (const needed of url.startsWith('turn') ? ['username', 'credential'] : [])
        if (typeof Reflect.get(server, needed) !== 'string')
          throw new TypeError(`${name}.${needed} must be text for a TURN server`)
    }
  })
}

export function checkAddressBook(book: unknown): asserts book is AddressBook | false | undefined {
  if (book === false || book === undefined) return
  if (typeof book !== 'object' || book === null)
    throw mistyped('addressBook must be an AddressBook or false', book)
  for (const method of ['load', 'save']) checkFunction(`addressBook.${method}`, Reflect.get(book, method))
}

export function checkLogger(logger: unknown): asserts logger is Logger {
  if (typeof logger !== 'object' || logger === null)
    throw mistyped('logger must be an object like console', logger)
  for (const level of ['debug', 'info', 'warn', 'error'])
    checkFunction(`logger.${level}`, Reflect.get(logger, level))
}
