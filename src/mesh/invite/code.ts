/**
 * The two codes of an invite, as bytes and as text.
 *
 *     invite = %x01 %x01 expiry discovery-key key token urls routers offer signature
 *     reply  = %x01 %x02 tag id answer proof
 *     expiry = varint                     ; seconds since 1970
 *     token  = 16 bytes                   ; whoever shows it comes in, once
 *     urls, routers = count *text, count *( 32 bytes )
 *     offer, answer = block               ; description.ts; empty where there is none
 *     signature = 64 bytes                ; of the inviter's key, over domain and everything before it
 *     tag    = 8 bytes                    ; of SHA-256 over the token: which invite
 *     proof  = 16 bytes                   ; of HMAC-SHA-256 with the token, over domain and everything before it
 *
 * As text: base64url behind `tabmesh:`, or behind `#tabmesh=` of a page's address, which no server is ever sent.
 * @module
 */
import { hmacSha256, sha256 } from '../../crypto/hash.ts'
import { ID_BYTES, idFromBytes, idToBytes, type PeerId, sameBytes } from '../../protocol/id.ts'
import { Reader } from '../../protocol/wire/reader.ts'
import { utf8Encode } from '../../protocol/wire/text.ts'
import { Writer } from '../../protocol/wire/writer.ts'
import { fromBase64, toBase64 } from '../../signaling/base64.ts'
import { decodeDescription, encodeDescription } from './description.ts'

const VERSION = 1
const INVITE = 1
const REPLY = 2
export const TOKEN_BYTES = 16
export const TAG_BYTES = 8
const PROOF_BYTES = 16
const SIGNATURE_BYTES = 64
/** Characters of a code: with every list full and descriptions that could not be made short. */
const MAX_CODE = 65_536
const MAX_DESCRIPTION = 20_000
/** Signaling servers named, and characters of each. */
export const MAX_URLS = 4
const MAX_URL = 512
/** Other peers named, to be met at those servers when the inviter is gone. */
export const MAX_ROUTERS = 4
const INVITE_DOMAIN = utf8Encode('tabmesh invite 1')
const REPLY_DOMAIN = utf8Encode('tabmesh reply 1')

export interface Invite {
  /** Wall-clock ms. */
  readonly expiresAt: number
  readonly discoveryKey: Uint8Array
  /** The inviter's Ed25519 public key. */
  readonly key: Uint8Array
  readonly token: Uint8Array
  readonly urls: readonly string[]
  readonly routers: readonly PeerId[]
  /** A signal for a prepared link, or none. */
  readonly offer: string | undefined
}

/** An invite as it was read, with what its signature must cover. */
export interface SignedInvite extends Invite {
  readonly signature: Uint8Array
  readonly signed: Uint8Array
}

export interface Reply {
  readonly tag: Uint8Array
  readonly peer: PeerId
  readonly answer: string | undefined
  readonly proof: Uint8Array
  /** What the proof covers. */
  readonly proven: Uint8Array
}

/** An invite without its signature. */
export function writeInvite(invite: Invite): Uint8Array {
  const writer = new Writer(512).u8(VERSION).u8(INVITE)
  writer
    .varint(Math.floor(invite.expiresAt / 1000))
    .bytes(invite.discoveryKey)
    .bytes(invite.key)
    .bytes(invite.token)
  writer.varint(invite.urls.length)
  for (const url of invite.urls) writer.text(url)
  writer.varint(invite.routers.length)
  for (const id of invite.routers) writer.bytes(idToBytes(id))
  return writer.block(invite.offer === undefined ? EMPTY : encodeDescription(invite.offer)).finish()
}

/** What the inviter signs, of an invite without its signature. */
export function inviteToSign(unsigned: Uint8Array): Uint8Array {
  return new Writer(unsigned.length + 16).bytes(INVITE_DOMAIN).bytes(unsigned).finish()
}

/** An invite; its signature is not checked here. */
export function readInvite(bytes: Uint8Array): SignedInvite | undefined {
  const reader = new Reader(bytes)
  const kind = reader.u8() === VERSION && reader.u8()
  const expiresAt = reader.varint(Number.MAX_SAFE_INTEGER / 1000) * 1000
  const discoveryKey = reader.bytes(32)
  const key = reader.bytes(32)
  const token = reader.bytes(TOKEN_BYTES)
  const urls: string[] = []
  for (let count = reader.varint(MAX_URLS); count > 0 && reader.ok; count--) urls.push(reader.text(MAX_URL))
  const routers: PeerId[] = []
  for (let count = reader.varint(MAX_ROUTERS); count > 0 && reader.ok; count--)
    routers.push(idFromBytes(reader.bytes(ID_BYTES)))
  const block = reader.block(MAX_DESCRIPTION)
  const signature = reader.bytes(SIGNATURE_BYTES)
  if (kind !== INVITE || !reader.done || !urls.every(isSocketUrl)) return undefined
  const offer = decodeDescription('offer', block)
  if (block.length > 0 && offer === undefined) return undefined
  const signed = inviteToSign(bytes.subarray(0, bytes.length - SIGNATURE_BYTES))
  return { expiresAt, discoveryKey, key, token, urls, routers, offer, signature, signed }
}

/** The answer to an invite, proven with its token. */
export function writeReply(token: Uint8Array, peer: PeerId, answer: string | undefined): Uint8Array {
  const body = new Writer(256)
    .u8(VERSION)
    .u8(REPLY)
    .bytes(tagOf(token))
    .bytes(idToBytes(peer))
    .block(answer === undefined ? EMPTY : encodeDescription(answer))
    .finish()
  return new Writer(256).bytes(body).bytes(proofOf(token, body)).finish()
}

/** A reply; its proof is not checked here. */
export function readReply(bytes: Uint8Array): Reply | undefined {
  const reader = new Reader(bytes)
  const kind = reader.u8() === VERSION && reader.u8()
  const tag = reader.bytes(TAG_BYTES)
  const id = reader.bytes(ID_BYTES)
  const block = reader.block(MAX_DESCRIPTION)
  const proof = reader.bytes(PROOF_BYTES)
  if (kind !== REPLY || !reader.done) return undefined
  const answer = decodeDescription('answer', block)
  if (block.length > 0 && answer === undefined) return undefined
  const proven = bytes.subarray(0, bytes.length - PROOF_BYTES)
  return { tag, peer: idFromBytes(id), answer, proof, proven }
}

/** Whether a reply was made with an invite's token. */
export function isProven(token: Uint8Array, { tag, proof, proven }: Reply): boolean {
  return sameBytes(tag, tagOf(token)) && sameBytes(proof, proofOf(token, proven))
}

/** What an invite goes by where its token is not to be shown. */
export function tagOf(token: Uint8Array): Uint8Array {
  return sha256(token).subarray(0, TAG_BYTES)
}

function proofOf(token: Uint8Array, body: Uint8Array): Uint8Array {
  const message = new Writer(256).bytes(REPLY_DOMAIN).bytes(body).finish()
  return hmacSha256(token, message).subarray(0, PROOF_BYTES)
}

/**
 * A code as text.
 *
 * @param page the address it is put behind, without a fragment; a bare code where there is none
 */
export function toUri(bytes: Uint8Array, page?: string): string {
  const code = toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  return page === undefined ? `tabmesh:${code}` : `${page}#tabmesh=${code}`
}

/** The bytes of a code, which may stand behind an address, and have been torn apart by an e-mail. */
export function fromUri(text: string): Uint8Array | undefined {
  if (text.length > MAX_CODE) return undefined
  const code = /^(?:.*[#&]tabmesh=|tabmesh:)?([\w-]+)(?:&.*)?$/.exec(text.replace(/\s+/g, ''))?.[1]
  if (code === undefined) return undefined
  const plain = code.replaceAll('-', '+').replaceAll('_', '/')
  return fromBase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, '='))
}

const EMPTY = new Uint8Array(0)

function isSocketUrl(text: string): boolean {
  return /^wss?:\/\/[^\s#]+$/.test(text) && URL.canParse(text)
}
