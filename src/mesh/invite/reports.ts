/**
 * What two meshes tell each other about an invite where something carries it by itself: a letter through signaling, or a
 * BroadcastChannel that the tabs of one origin share.
 *
 *     report = %x01 %x03 tag verdict     ; 8 bytes of the invite, byte
 *
 * A reply (code.ts) goes to the inviter, a report comes back.
 * @module
 */
import { Reader } from '../../protocol/wire/reader.ts'
import { Writer } from '../../protocol/wire/writer.ts'
import type { ChannelConstructor } from '../../signaling/broadcast-channel.ts'
import { MeshError } from '../errors.ts'
import { TAG_BYTES } from './code.ts'

/** By its number on the wire. */
const VERDICTS = ['ok', 'invite-invalid', 'invite-expired', 'invite-used'] as const
export type Verdict = (typeof VERDICTS)[number]

export function writeReport(tag: Uint8Array, verdict: Verdict): Uint8Array {
  return new Writer(16).u8(1).u8(3).bytes(tag).u8(VERDICTS.indexOf(verdict)).finish()
}

export function readReport(bytes: Uint8Array): { tag: Uint8Array; verdict: Verdict } | undefined {
  const reader = new Reader(bytes)
  const head = reader.u8() === 1 && reader.u8() === 3
  const tag = reader.bytes(TAG_BYTES)
  const verdict = VERDICTS[reader.u8()]
  return head && reader.done && verdict !== undefined ? { tag, verdict } : undefined
}

/** What a verdict other than `ok` says to whoever waits for it. */
export function errorOf(verdict: Exclude<Verdict, 'ok'>): MeshError {
  const what = {
    'invite-invalid': 'this is no invite, or no reply to one, of that mesh: copy it again, whole',
    'invite-expired': 'the time of this invite is over: ask for a new one',
    'invite-used': 'somebody has come in by this invite, and it serves one peer: ask for a new one',
  }
  return new MeshError(verdict, what[verdict])
}

/** The channel of one invite; `undefined` where there are none. */
export function channelOf(
  Channel: ChannelConstructor | undefined,
  tag: Uint8Array,
  heard: (bytes: Uint8Array) => void,
): InstanceType<ChannelConstructor> | undefined {
  try {
    if (Channel === undefined) return undefined
    const channel = new Channel(`tabmesh-invite:${tag.join()}`)
    channel.onmessage = ({ data }) => {
      if (data instanceof Uint8Array) heard(data)
    }
    return channel
  } catch {
    // An opaque origin has none.
    return undefined
  }
}
