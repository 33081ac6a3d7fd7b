/**
 * A session description of one data channel in few bytes, so that a code with it can be scanned: what differs between two
 * of them is kept, the rest is written anew.
 *
 *     description = %x01 ufrag pwd fingerprint candidates     ; text, text, 32 bytes
 *                 / %x00 text                                 ; a signal of another shape, as it is
 *     candidates  = count *( %x00-0F address port )           ; 2 bits of type, 2 bits of what the address is; 2 bytes
 *     address     = 4 bytes / 16 bytes / 16 bytes of an mDNS name / text
 *
 * Candidates over TCP are left out (nobody listens there), foundations and priorities made anew (RFC 8445 §5.1.2).
 * @module
 */
import { fingerprintOf } from '../../link/binding.ts'
import { MAX_SIGNAL, readSignal } from '../../link/signal.ts'
import { Reader } from '../../protocol/wire/reader.ts'
import { Writer } from '../../protocol/wire/writer.ts'

/** Candidates kept: a code that is scanned has room for few, and they cost some 9 to 24 characters each. */
const MAX_CANDIDATES = 8
const TYPES = ['host', 'srflx', 'prflx', 'relay']
/** RFC 8445 §5.1.2.2, in the order of {@link TYPES}. */
const PREFERENCES = [126, 100, 110, 0]
/** ufrag and pwd, characters (RFC 8839 §5.4: up to 256). */
const MAX_WORD = 256
/**
 * The offering side begins DTLS, towards the one whose answer it has taken. If those who answer began (as they do unless told
 * otherwise), a second holder of the code would reach the waiting side as early as the first, and be taken for it.
 */
const SETUP = { offer: 'active', answer: 'passive' }
const WORD = /^[A-Za-z0-9+/]+$/
const HOST = /^[A-Za-z0-9.:-]+$/
const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\.local$/

/** A signal, JSON text with a description, as bytes. */
export function encodeDescription(signal: string): Uint8Array {
  const parsed = readSignal(signal)
  return (
    (parsed !== undefined && 'sdp' in parsed ? compact(parsed.sdp) : undefined) ??
    new Writer().u8(0).text(signal).finish()
  )
}

/** The signal that bytes stand for; `undefined` for bytes that are none. */
export function decodeDescription(type: 'offer' | 'answer', bytes: Uint8Array): string | undefined {
  const reader = new Reader(bytes)
  const form = reader.u8()
  if (form === 0) {
    const text = reader.text(MAX_SIGNAL)
    return reader.done ? text : undefined
  }
  const ufrag = reader.text(MAX_WORD)
  const pwd = reader.text(MAX_WORD)
  const fingerprint = reader.bytes(32)
  const candidates: string[] = []
  for (let count = reader.varint(MAX_CANDIDATES); count > 0 && reader.ok; count--)
    candidates.push(readCandidate(reader, candidates.length))
  if (form !== 1 || !reader.done || !WORD.test(ufrag) || !WORD.test(pwd)) return undefined
  const sdp = [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${pwd}`,
    `a=fingerprint:sha-256 ${[...fingerprint].map(hex).join(':').toUpperCase()}`,
    `a=setup:${SETUP[type]}`,
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    ...candidates,
    '',
  ].join('\r\n')
  return JSON.stringify({ type, sdp })
}

function compact(sdp: string): Uint8Array | undefined {
  const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? ''
  const pwd = /^a=ice-pwd:(\S+)/m.exec(sdp)?.[1] ?? ''
  const fingerprint = fingerprintOf(sdp)
  if (!WORD.test(ufrag) || !WORD.test(pwd) || fingerprint === undefined) return undefined
  const found: { type: number; address: string; port: number }[] = []
  for (const [, address = '', port, word = ''] of sdp.matchAll(
    /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ (\w+)/gim,
  )) {
    const type = TYPES.indexOf(word)
    if (type >= 0 && HOST.test(address)) found.push({ type, address, port: Number(port) })
  }
  // Where there are too many, every kind is kept: one may be all that works.
  while (found.length > MAX_CANDIDATES) {
    const count = (type: number) => found.filter(each => each.type === type).length
    const most = TYPES.map((_, type) => count(type))
    found.splice(
      found.findLastIndex(each => each.type === most.indexOf(Math.max(...most))),
      1,
    )
  }
  const writer = new Writer(256).u8(1).text(ufrag).text(pwd).bytes(fingerprint).varint(found.length)
  for (const { type, address, port } of found) {
    const [kind, bytes] = bytesOf(address)
    writer.u8(type | (kind << 2))
    if (kind === 3) writer.block(bytes)
    else writer.bytes(bytes)
    writer.u8(port >> 8).u8(port & 255)
  }
  return writer.finish()
}

function readCandidate(reader: Reader, n: number): string {
  const head = reader.u8()
  const kind = head >> 2
  const address =
    kind > 3 ? '' : addressOf(kind, kind === 3 ? reader.block(255) : reader.bytes(kind === 0 ? 4 : 16))
  const port = reader.u8() * 256 + reader.u8()
  const type = head & 3
  if (!HOST.test(address) || port === 0) reader.fail()
  // Component 1; the local preference falls with the place in the list.
  const priority = (PREFERENCES[type] ?? 0) * 2 ** 24 + (65_535 - n) * 256 + 255
  const related = type === 0 ? '' : ' raddr 0.0.0.0 rport 0'
  return `a=candidate:${n + 1} 1 udp ${priority} ${address} ${port} typ ${TYPES[type]}${related}`
}

/** What an address is, and its bytes: 0 IPv4, 1 IPv6, 2 an mDNS name, 3 any other name. */
function bytesOf(address: string): readonly [0 | 1 | 2 | 3, Uint8Array] {
  const four = address.split('.').map(Number)
  if (/^[\d.]+$/.test(address) && four.length === 4) return [0, Uint8Array.from(four)]
  const uuid = UUID.exec(address)
  if (uuid !== null) return [2, unhex(uuid.slice(1).join(''))]
  const six = /^[\da-f:]+$/i.test(address) ? unhex(full(address)) : new Uint8Array(0)
  return six.length === 16 ? [1, six] : [3, new TextEncoder().encode(address.slice(0, 255))]
}

function addressOf(kind: number, bytes: Uint8Array): string {
  if (kind === 0) return bytes.join('.')
  if (kind === 3) return new TextDecoder().decode(bytes)
  const digits = [...bytes].map(hex).join('')
  if (kind === 1) return (digits.match(/.{4}/g) ?? []).join(':')
  return `${digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}.local`
}

/** The 32 digits of an IPv6 address. */
function full(address: string): string {
  const [before = '', after = ''] = address.split('::').map(part =>
    part
      .split(':')
      .map(group => (group === '' ? '' : group.padStart(4, '0')))
      .join(''),
  )
  return before + '0'.repeat(Math.max(0, 32 - before.length - after.length)) + after
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

function unhex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}
