/**
 * The messages of signaling, shared by client and server: JSON text, one object per WebSocket message, each
 * with `v: 1` and a `type`. docs/SIGNALING.md describes the exchange. Bytes travel as base64, ids and
 * discovery keys as lower-case base32.
 *
 * Parsers return outcomes and never throw: types, lengths and kinds are checked before a field is believed.
 * @module
 */
import { fromBase32, type PeerId } from '../protocol/id.ts'
import { asFields, type Fields } from './message-fields.ts'

export { base32, isPeerId, type PeerId, RING, ringPosition } from '../protocol/id.ts'

/** Version of the messages. A change that an old side cannot read raises it. */
export const SIGNALING_VERSION = 1
/** Longest message, bytes: an offer with all its candidates is under 10 kB, sealed and in base64 under 14 kB. */
export const MAX_MESSAGE = 65_536
/** Largest envelope, bytes: its base64 (64,000) and the fields around it fit in {@link MAX_MESSAGE}. */
export const MAX_ENVELOPE = 48_000
/** Largest peer record, bytes: today's has 134; room for one that grows. */
export const MAX_RECORD = 1024
/** Most peers in one sample: 32 records of the largest size (1,368 characters) fit in {@link MAX_MESSAGE}. */
export const MAX_SAMPLE = 32
/** Bytes of a challenge's nonce: cannot be guessed, does not repeat. */
export const NONCE_BYTES = 32
/** Longest `server` name, characters: a DNS name (RFC 1035 §2.3.4: 255) and a port. */
export const MAX_SERVER = 261
/** Longest text meant for people, characters. */
export const MAX_TEXT = 256
/** Longest time in a message, milliseconds: one day. */
export const MAX_MILLISECONDS = 86_400_000
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64

/** Codes of `error` messages this version sends. A client must expect others. */
export type SignalingErrorCode =
  | 'malformed' // not JSON, or a field does not fit
  | 'unknown-type' // well-formed, but no message of this version
  | 'unsupported-version' // `v` is not 1
  | 'bad-signature' // the proof of the key failed; the socket closes
  | 'not-joined' // only `join` is allowed before `joined`
  | 'already-joined' // one swarm per socket
  | 'join-timeout' // no valid `join` in time; the socket closes
  | 'swarm-full' // the server bounds its swarms; the socket closes
  | 'rate-limited' // too much at once: the server reads slower, or closes
  | 'replaced' // another socket proved the same key; this one closes
  | 'expired' // the announcement was not renewed; the socket closes

/** A peer of the swarm and its signed record (base64), as it gave it to the server. */
export interface SampleEntry {
  readonly id: PeerId
  readonly record: string
}

/** What a client sends. */
export type ClientMessage =
  /** Verify the signature over {@link challengeToSign}; answer with `joined`, or with `error` and close. */
  | {
      readonly type: 'join'
      /** Ed25519 public key; the peer id is its SHA-256. */
      readonly key: string
      /** The discovery key of the swarm, 52 characters of base32. */
      readonly swarm: string
      readonly record: string
      readonly signature: string
      /** The session goes on after a lost socket: its links are alive. Absent: a new session. */
      readonly resume?: boolean
      /** Deliver envelopes, and do not list it in samples. */
      readonly silent?: boolean
    }
  /** Hand it to the socket that proved `to` in this swarm; where there is none, answer `absent`. */
  | { readonly type: 'envelope'; readonly to: PeerId; readonly data: string }
  /** Answer with `sampled`. */
  | { readonly type: 'sample' }
  /** Keep the announcement for another `ttl`; answer with `renewed`. */
  | { readonly type: 'renew' }
  /** Forget this peer, tell those it exchanged envelopes with, and close. */
  | { readonly type: 'leave' }

/** What a server sends. */
export type ServerMessage =
  /** Sign it and `join`. First message on every socket; each nonce serves once. */
  | {
      readonly type: 'challenge'
      readonly nonce: string
      /** The server's public host and port: refuse where it is not what was dialled. Absent: not checked. */
      readonly server?: string
    }
  /** You can be found. Renew within `ttl` ms; a resume within `grace` ms of a lost socket is no departure. */
  | {
      readonly type: 'joined'
      readonly sample: readonly SampleEntry[]
      readonly ttl: number
      readonly grace: number
    }
  /** An envelope somebody of the swarm sent to you: who, only the envelope can prove. */
  | { readonly type: 'envelope'; readonly to: PeerId; readonly data: string }
  | { readonly type: 'sampled'; readonly sample: readonly SampleEntry[] }
  | { readonly type: 'renewed' }
  /** A peer you exchanged envelopes with has left or lost its socket: a hint to probe it. */
  | { readonly type: 'left'; readonly peer: PeerId }
  /** Nobody by that id is here: the envelope was dropped. */
  | { readonly type: 'absent'; readonly to: PeerId }
  /** Something was refused. Whether the socket closes too, the code says. */
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  /** The server goes; come back after `retryAfter` ms (spread, so that not all come at once). */
  | { readonly type: 'bye'; readonly reason: string; readonly retryAfter: number }

/** Why a text is no message. */
export type Malformed = 'malformed' | 'unknown-type' | 'unsupported-version'

export type Parsed<M> =
  | { readonly ok: true; readonly message: M }
  | { readonly ok: false; readonly code: Malformed; readonly problem: string }

/** Close codes of the WebSocket beside RFC 6455 §7.4.1's own (1001 bye, 1008 abuse, 1009 too large). */
export const CLOSE_REPLACED = 4001
export const CLOSE_EXPIRED = 4002

const DOMAIN = 'tabmesh signaling join 1\0'

/** What `join` signs: domain ‖ nonce ‖ discovery key ‖ public key ‖ server name (UTF-8; empty where none was given). */
export function challengeToSign(
  nonce: Uint8Array,
  swarm: string,
  key: Uint8Array,
  server: string,
): Uint8Array {
  const parts = [
    new TextEncoder().encode(DOMAIN),
    nonce,
    fromBase32(swarm) ?? new Uint8Array(KEY_BYTES),
    key,
    new TextEncoder().encode(server),
  ]
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

export function encodeClientMessage(message: ClientMessage): string {
  return JSON.stringify({ v: SIGNALING_VERSION, ...message })
}

export function encodeServerMessage(message: ServerMessage): string {
  return JSON.stringify({ v: SIGNALING_VERSION, ...message })
}

/** Reads what a client sent. */
export function parseClientMessage(text: string): Parsed<ClientMessage> {
  return parse(text, readClientMessage)
}

/** Reads what a server sent. */
export function parseServerMessage(text: string): Parsed<ServerMessage> {
  return parse(text, readServerMessage)
}

function parse<M>(text: string, read: (type: unknown, fields: Fields) => M | undefined): Parsed<M> {
  if (text.length > MAX_MESSAGE) return bad('malformed', `longer than ${MAX_MESSAGE} characters`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return bad('malformed', 'not JSON')
  }
  const fields = asFields(json)
  if (fields === undefined) return bad('malformed', 'not a JSON object')
  if (fields.value('v') !== SIGNALING_VERSION)
    return bad('unsupported-version', `v must be ${SIGNALING_VERSION}`)
  const message = read(fields.value('type'), fields)
  if (message === undefined) return bad('unknown-type', 'type names no message of this version')
  return fields.ok ? { ok: true, message } : bad('malformed', fields.problem)
}

function bad(code: Malformed, problem: string): { ok: false; code: Malformed; problem: string } {
  return { ok: false, code, problem }
}

function readClientMessage(type: unknown, fields: Fields): ClientMessage | undefined {
  switch (type) {
    case 'join':
      return {
        type,
        key: fields.base64('key', KEY_BYTES, KEY_BYTES),
        swarm: fields.id('swarm'),
        record: fields.base64('record', 0, MAX_RECORD),
        signature: fields.base64('signature', SIGNATURE_BYTES, SIGNATURE_BYTES),
        ...(fields.flag('resume') ? { resume: true } : {}),
        ...(fields.flag('silent') ? { silent: true } : {}),
      }
    case 'envelope':
      return readEnvelope(fields)
    case 'sample':
    case 'renew':
    case 'leave':
      return { type }
    default:
      return undefined
  }
}

function readServerMessage(type: unknown, fields: Fields): ServerMessage | undefined {
  switch (type) {
    case 'challenge':
      return {
        type,
        nonce: fields.base64('nonce', NONCE_BYTES, NONCE_BYTES),
        ...(fields.has('server') ? { server: fields.text('server', MAX_SERVER) } : {}),
      }
    case 'joined':
      return {
        type,
        sample: readSample(fields),
        ttl: fields.integer('ttl', MAX_MILLISECONDS),
        grace: fields.integer('grace', MAX_MILLISECONDS),
      }
    case 'envelope':
      return readEnvelope(fields)
    case 'sampled':
      return { type, sample: readSample(fields) }
    case 'renewed':
      return { type }
    case 'left':
      return { type, peer: fields.id('peer') }
    case 'absent':
      return { type, to: fields.id('to') }
    case 'error':
      return { type, code: fields.code('code'), message: fields.text('message', MAX_TEXT) }
    case 'bye':
      return {
        type,
        reason: fields.text('reason', MAX_TEXT),
        retryAfter: fields.integer('retryAfter', MAX_MILLISECONDS),
      }
    default:
      return undefined
  }
}

function readEnvelope(fields: Fields): { type: 'envelope'; to: PeerId; data: string } {
  return { type: 'envelope', to: fields.id('to'), data: fields.base64('data', 0, MAX_ENVELOPE) }
}

function readSample(fields: Fields): SampleEntry[] {
  return fields.list('sample', MAX_SAMPLE, entry => ({
    id: entry.id('id'),
    record: entry.base64('record', 0, MAX_RECORD),
  }))
}
