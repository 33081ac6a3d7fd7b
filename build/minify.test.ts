import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { namesOfLibrary, typesOfLibrary } from './minify.ts'

/** Reading all of src/ with its types takes ten seconds and more. */
const PATIENCE = 120_000

describe('the names of the library that are shortened', { timeout: PATIENCE }, () => {
  const types = typesOfLibrary()
  const published = readFileSync(new URL('../src/mesh/api-options.ts', import.meta.url), 'utf8')
  const packaged =
    'class P { _secret = 1; _text = "_text"; initiator = 2; f(pc) { return pc._peerConnectionId } }'
  const { names, alone } = namesOfLibrary(types, { text: published, lang: 'ts' }, [
    { text: packaged, lang: 'js' },
  ])

  it('are not those of the platform', () => {
    for (const name of [
      'addEventListener',
      'bufferedAmountLowThreshold',
      'getRemoteCertificates',
      'subarray',
      // Declared in src/, which tells the protocol of a platform it does not know.
      'fatal',
      'ignoreBOM',
      'once',
      'ifAvailable',
      'negotiated',
      'iceTransportPolicy',
    ])
      expect(names, name).not.toContain(name)
  })

  it('are not those of messages to a signaling server', () => {
    const example = readFileSync(new URL('../docs/SIGNALING.md', import.meta.url), 'utf8')
    const fields = [...example.matchAll(/"([a-zA-Z]+)":/g)].map(([, field]) => field)
    expect(fields.length).toBeGreaterThan(10)
    for (const field of fields) expect(names, field).not.toContain(field)
  })

  it('are not those of what is stored, posted to other tabs or written into invites', () => {
    const fields = [
      'version',
      'publicKey',
      'secret',
      'id',
      'record',
      'lastSuccess',
      'failures',
      'nextAttempt',
    ]
    for (const name of [...fields, 'via', 'kind', 'to', 'bytes', 'type', 'sdp', 'candidate'])
      expect(names, name).not.toContain(name)
  })

  it('are not what an application gives or gets', () => {
    for (const name of ['ackTimeout', 'maxCircuits', 'iceServers', 'debug']) expect(names).not.toContain(name)
  })

  it('are those of packages only where they are private, and then alone', () => {
    for (const name of ['initiator', '_text', '_peerConnectionId']) expect(names).not.toContain(name)
    expect(names).toContain('_secret')
    expect(alone).toContain('_secret')
  })

  it('are many: else something outside keeps more than it should', () => {
    expect(names.size).toBeGreaterThan(700)
    for (const name of ['link', 'ground', 'config']) expect(names, name).toContain(name)
  })
})
