import { expect, test } from 'vitest'
import { signalUrl } from './signal-url.ts'

const at = (address: string): string => {
  const found = signalUrl(new URL(address))
  return 'url' in found ? found.url : `problem: ${found.problem}`
}

test('the page’s own server is the default, over TLS where the page is', () => {
  expect(at('http://localhost:5173/#room')).toBe('ws://localhost:5173/signal')
  expect(at('https://example.org/demo/?x=1#room')).toBe('wss://example.org/signal')
})

test('?signal= names another server', () => {
  expect(at('https://example.org/?signal=wss://other.example/signal')).toBe('wss://other.example/signal')
  expect(at('https://example.org/?signal=ws://localhost:8080/')).toBe('ws://localhost:8080/')
})

test('what cannot work is said, with what to do', () => {
  expect(at('file:///tmp/index.html')).toContain('npm start')
  expect(at('http://localhost/?signal=garbage')).toContain('wss://')
  expect(at('http://localhost/?signal=http://other')).toContain('wss://')
  expect(at('https://example.org/?signal=ws://other.example/')).toContain('wss://')
})
