import { describe, expect, it } from 'vitest'
import { Emitter } from './events.ts'

interface Events {
  word: (text: string, n: number) => void
  silence: () => void
}

function emitter() {
  const heard: string[] = []
  const errors: [unknown, string][] = []
  const firsts: string[] = []
  const events = new Emitter<Events>(
    ['word', 'silence'],
    (error, event) => errors.push([error, event]),
    event => firsts.push(event),
  )
  const hear = (name: string) => (text: string, n: number) => heard.push(`${name} ${text} ${n}`)
  return { events, heard, errors, firsts, hear }
}

describe('events', () => {
  it('reach their listeners in order, until their off', () => {
    const { events, heard, hear } = emitter()
    const off = events.on('word', hear('a'))
    events.on('word', hear('b'))
    events.emit('word', 'x', 1)
    off()
    off()
    events.emit('word', 'y', 2)
    expect(heard).toEqual(['a x 1', 'b x 1', 'b y 2'])
  })

  it('reach a once listener once, also when it emits', () => {
    const { events, heard, hear } = emitter()
    events.once('word', (text, n) => {
      hear('once')(text, n)
      events.emit('word', 'inner', 2)
    })
    events.emit('word', 'x', 1)
    expect(heard).toEqual(['once x 1'])
    expect(events.has('word')).toBe(false)
  })

  it('go on when a listener throws', () => {
    const { events, heard, errors, hear } = emitter()
    const failure = new Error('mine')
    events.on('word', () => {
      throw failure
    })
    events.on('word', hear('b'))
    events.emit('word', 'x', 1)
    expect(heard).toEqual(['b x 1'])
    expect(errors).toEqual([[failure, 'word']])
  })

  it('do not reach one that was taken off, or put on, while they were told', () => {
    const { events, heard, hear } = emitter()
    const late = hear('late')
    events.on('word', () => {
      off()
      events.on('word', late)
    })
    const off = events.on('word', hear('gone'))
    events.emit('word', 'x', 1)
    expect(heard).toEqual([])
  })

  it('take a listener off however often it is on', () => {
    const { events, heard, hear } = emitter()
    const listener = hear('a')
    events.on('word', listener)
    events.on('word', listener)
    events.off('word', listener)
    events.emit('word', 'x', 1)
    expect(heard).toEqual([])
  })

  it('tell of the first listener', () => {
    const { events, firsts } = emitter()
    events.on('silence', () => {})
    const off = events.on('word', () => {})
    events.on('word', () => {})
    off()
    expect(firsts).toEqual(['silence', 'word'])
  })

  it('refuse what is no event and no listener', () => {
    const { events } = emitter()
    expect(() => events.on('wort' as never, (() => {}) as never)).toThrow(
      new TypeError("there is no event 'wort', did you mean 'word'?"),
    )
    expect(() => events.once('word', undefined as never)).toThrow(TypeError)
    expect(() => events.off('wort' as never, (() => {}) as never)).toThrow(TypeError)
  })
})
