import { describe, expect, it } from 'vitest'
import { base32, type PeerId } from '../protocol/id.ts'
import { type Candidate, diagnose, PROBE, type Probes, type Question } from './diagnose.ts'

const peer = base32(new Uint8Array(32).fill(5)) as PeerId
const host: Candidate = { type: 'host', address: 'x.local', port: 1 }
const srflx: Candidate = { type: 'srflx', address: '203.0.113.1', port: 2 }
const relay: Candidate = { type: 'relay', address: '203.0.113.9', port: 3 }

interface World {
  readonly webrtc?: boolean
  /** What each server gives; others never answer. */
  readonly ice?: Readonly<Record<string, readonly Candidate[]>>
  readonly open?: readonly string[]
}

/** A world where time passes only when something waits out its limit. */
function probesOf({ webrtc = true, ice = {}, open = [] }: World): Probes & { open: number } {
  let now = 0
  const probes = {
    open: 0,
    webrtc,
    clock: () => now,
    limit: (ms: number, signal: AbortSignal | undefined) => {
      probes.open++
      const controller = new AbortController()
      const timer = setTimeout(() => {
        now = ms
        controller.abort()
      }, 1)
      signal?.addEventListener('abort', () => controller.abort())
      return {
        signal: controller.signal,
        done() {
          probes.open--
          clearTimeout(timer)
        },
      }
    },
    gather: async ({ urls }: RTCIceServer, signal: AbortSignal) => {
      const all = [urls].flat()
      const found = [host, ...all.flatMap(url => ice[url] ?? [])]
      if (!all.every(url => url in ice))
        await new Promise(resolve => signal.addEventListener('abort', resolve))
      return found
    },
    dial: async (url: string, signal: AbortSignal) => {
      if (open.includes(url)) return true
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      throw new Error('not there')
    },
  }
  return probes
}

const question: Question = {
  iceServers: [],
  urls: ['wss://a'],
  signalingUp: false,
  linked: false,
  peer: undefined,
  signal: undefined,
}
const STUN = [{ urls: ['stun:a', 'stun:b'] }]
const TURN = { urls: 'turn:t', username: 'u', credential: 'c' }
const two = [srflx, { ...srflx, port: 7 }]
const asked = { id: peer, path: undefined, relayed: false }
const carried = { ...asked, relayed: true }

describe('a diagnosis', () => {
  it.each<[string, World, Partial<Question>]>([
    ['ok', { open: ['wss://a'], ice: { 'stun:a': [srflx], 'stun:b': [srflx] } }, { iceServers: STUN }],
    ['ok', { open: ['wss://a'], ice: { 'stun:a': [srflx] } }, { iceServers: STUN }],
    ['no-webrtc', { webrtc: false, open: ['wss://a'] }, {}],
    ['no-signaling', {}, {}],
    ['ok', {}, { signalingUp: true }],
    ['ok', {}, { linked: true }],
    ['ok', {}, { urls: [] }],
    ['udp-blocked', { open: ['wss://a'] }, { iceServers: STUN }],
    ['symmetric-nat', { open: ['wss://a'], ice: { 'stun:a': two, 'stun:b': [] } }, { iceServers: STUN }],
    ['needs-turn', { open: ['wss://a'], ice: { 'stun:a': two } }, { iceServers: STUN, peer: asked }],
    ['turn-refused', { open: ['wss://a'], ice: { 'stun:a': [srflx] } }, { iceServers: [...STUN, TURN] }],
    ['ok', { open: ['wss://a'], ice: { 'turn:t': [relay] } }, { iceServers: [...STUN, TURN] }],
    ['peer-unreachable', { open: ['wss://a'] }, { peer: asked }],
    ['ok', {}, { peer: { ...asked, path: { kind: 'direct', local: 'host', remote: 'srflx' } } }],
    ['needs-turn', { open: ['wss://a'], ice: { 'stun:a': [srflx] } }, { iceServers: STUN, peer: carried }],
    ['needs-turn', { ice: { 'stun:a': two } }, { iceServers: STUN, peer: carried, linked: true }],
    ['udp-blocked', {}, { iceServers: STUN, peer: carried, linked: true }],
    ['ok', { ice: { 'turn:t': [relay] } }, { iceServers: [TURN], peer: carried, linked: true }],
  ])('is %s in the world %j when asked %j', async (verdict, world, more) => {
    const probes = probesOf(world)
    const diagnosis = await diagnose(probes, { ...question, ...more })
    expect(diagnosis.verdict).toBe(verdict)
    expect(diagnosis.remedy).toMatch(/^[A-Z].*\.$/)
    expect(probes.open).toBe(0)
  })

  it('tells what was tried, and how long it took', async () => {
    const probes = probesOf({ open: ['wss://a'], ice: { 'stun:a': [srflx] } })
    const path = { kind: 'direct', local: 'host', remote: 'relay' } as const
    const urls = ['wss://a', 'wss://dead']
    const diagnosis = await diagnose(probes, {
      ...question,
      urls,
      iceServers: STUN,
      peer: { ...asked, path },
    })
    expect(diagnosis).toMatchObject({
      webrtc: true,
      signaling: [
        { url: 'wss://a', ok: true },
        { url: 'wss://dead', ok: false, ms: PROBE },
      ],
      stun: [
        { url: 'stun:a', ok: true },
        { url: 'stun:b', ok: false, ms: PROBE },
      ],
      turn: [],
      candidates: ['host', 'srflx'],
      peer: { peer, linked: true, relayed: false, local: 'host', remote: 'relay' },
    })
    const relayed = await diagnose(probes, { ...question, linked: true, peer: carried })
    expect(relayed.peer).toEqual({ peer, linked: true, relayed: true, local: '', remote: '' })
  })
})
