import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { encodeClientMessage, parseClientMessage, parseServerMessage } from '../src/signaling/message.ts'
import { settingsFrom } from './options.ts'
import { provenId } from './proof.ts'

const page = readFileSync(new URL('../docs/SIGNALING.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/```json ([a-z ]+)\n([\s\S]*?)```/g)].map(([, senders = '', text = '']) => ({
  senders: senders.split(' '),
  text,
}))

describe('docs/SIGNALING.md', () => {
  it('shows every message once, as its parser reads it', () => {
    const shown: string[] = []
    for (const { senders, text } of blocks) {
      for (const sender of senders) {
        const parsed = sender === 'client' ? parseClientMessage(text) : parseServerMessage(text)
        if (!parsed.ok) throw new Error(`${parsed.problem} in ${text}`)
        expect({ v: 1, ...parsed.message }).toEqual(JSON.parse(text))
        shown.push(`${sender} ${parsed.message.type}`)
      }
    }
    const client = ['join', 'envelope', 'sample', 'renew', 'leave'].map(type => `client ${type}`)
    const server = ['challenge', 'joined', 'envelope', 'sampled', 'renewed', 'left', 'absent', 'error', 'bye']
    expect(shown.sort()).toEqual([...client, ...server.map(type => `server ${type}`)].sort())
  })

  it('shows a join whose signature holds for the challenge above it, and for nothing else', () => {
    const [challenge, join] = [blocks[0], blocks[1]].map(block => JSON.parse(block?.text ?? ''))
    const parsed = parseClientMessage(JSON.stringify(join))
    if (!parsed.ok || parsed.message.type !== 'join') throw new Error('no join')
    const nonce = Buffer.from(challenge.nonce, 'base64')
    const id = provenId(parsed.message, nonce, challenge.server)
    expect(page).toContain(`\`${id}\``)
    expect(provenId(parsed.message, nonce, '')).toBe(undefined)
    expect(provenId(parsed.message, Buffer.alloc(32), challenge.server)).toBe(undefined)
    expect(encodeClientMessage(parsed.message)).toBe(JSON.stringify(join))
  })

  it('lists every numeric option with its default', () => {
    const listed = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ])
    const settings = Object.entries(settingsFrom({})).filter(([, value]) => typeof value === 'number')
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(settings))
  })

  it('lists every error code of the schema', () => {
    const source = readFileSync(new URL('../src/signaling/message.ts', import.meta.url), 'utf8')
    const union = source.slice(
      source.indexOf('type SignalingErrorCode'),
      source.indexOf('interface SampleEntry'),
    )
    const codes = [...union.matchAll(/\| '([a-z-]+)'/g)].map(([, code]) => code)
    expect(codes.length).toBeGreaterThan(8)
    const table = page.slice(page.indexOf('## Errors'))
    for (const code of codes) expect(table).toContain(`\`${code}\``)
  })
})
