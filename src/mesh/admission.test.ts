import { describe, expect, it } from 'vitest'
import { base32, type PeerId } from '../protocol/id.ts'
import { Admission, MAX_WAITING, type Way } from './admission.ts'

const A = base32(new Uint8Array(32).fill(1)) as PeerId
const B = base32(new Uint8Array(32).fill(2)) as PeerId
const WINDOW = 1000

function admission() {
  const full = new Set<PeerId>()
  const gone: string[] = []
  const settled: string[] = []
  const timers = new Map<number, () => void>()
  let now = 0
  let nextTimer = 0
  let request = 0
  const queue = new Admission(
    {
      set: task => timers.set(++nextTimer, task) && nextTimer,
      clear: timer => timers.delete(timer),
    },
    () => now,
    WINDOW,
    { full: peer => full.has(peer), settle: (request, outcome) => settled.push(`${request} ${outcome}`) },
  )
  return {
    queue,
    full,
    gone,
    settled,
    timers,
    wait: (ms: number) => {
      now += ms
    },
    enter: (way: Way, bytes = 1, timeout = 100) => {
      const own = ++request
      queue.enter({ request: own, way, bytes, timeout, go: left => gone.push(`${own} ${left}`) })
      return own
    },
  }
}

describe('admission', () => {
  it('lets through at once what has room', () => {
    const { enter, gone, timers } = admission()
    enter(A)
    enter('broadcast', 1, Number.POSITIVE_INFINITY)
    expect(gone).toEqual(['1 100', '2 Infinity'])
    expect(timers.size).toBe(0)
  })

  it('holds back what goes to a full link, and nothing else, in order', () => {
    const { queue, enter, full, gone, wait, timers } = admission()
    full.add(A)
    enter(A)
    enter(A)
    enter(B)
    expect(gone).toEqual(['3 100'])
    queue.turn()
    expect(gone).toHaveLength(1)
    wait(30)
    full.clear()
    enter(A)
    expect(gone).toHaveLength(1)
    for (let i = 0; i < 4; i++) queue.turn()
    expect(gone).toEqual(['3 100', '1 70', '2 70', '4 100'])
    expect(timers.size).toBe(0)
    enter(A)
    expect(gone.at(-1)).toBe('5 100')
  })

  it('lets one go on at a turn, as it may fill the link', () => {
    const { queue, enter, full, gone } = admission()
    full.add(A)
    enter(A)
    enter(A)
    full.clear()
    queue.turn()
    expect(gone).toEqual(['1 100'])
  })

  it('keeps broadcasts to their window, one always', () => {
    const { queue, enter, gone } = admission()
    enter('broadcast', 5000)
    enter('broadcast', 600)
    enter('broadcast', 400)
    enter('broadcast', 1)
    expect(gone).toHaveLength(1)
    queue.settled(1)
    for (let i = 0; i < 5; i++) queue.turn()
    expect(gone).toHaveLength(3)
    queue.settled(2)
    queue.settled(2)
    queue.turn()
    expect(gone).toHaveLength(4)
  })

  it('keeps direct messages below what the protocol refuses', () => {
    const { queue, enter, gone } = admission()
    for (let i = 0; i < 9000; i++) enter(A)
    expect(gone).toHaveLength(8192)
    queue.settled(1)
    queue.turn()
    expect(gone).toHaveLength(8193)
  })

  it('ends what waits too long, or is cancelled', () => {
    const { queue, enter, full, gone, settled, timers } = admission()
    full.add(A)
    enter(A)
    const second = enter(A)
    enter(A)
    expect(queue.cancel(second)).toBe(true)
    expect(queue.cancel(second)).toBe(false)
    for (const task of [...timers.values()].slice(0, 1)) task()
    expect(settled).toEqual(['1 timeout'])
    full.clear()
    queue.turn()
    expect(gone).toEqual(['3 100'])
    expect(queue.cancel(3)).toBe(false)
  })

  it('refuses what is too much, and forgets it all in the end', () => {
    const { queue, enter, full, gone, settled, timers } = admission()
    full.add(A)
    enter(A, MAX_WAITING - 1000)
    enter(A, 1000)
    expect(settled).toEqual(['2 busy'])
    queue.clear()
    expect(timers.size).toBe(0)
    enter(B, 1)
    full.clear()
    queue.turn()
    enter(A, 1)
    expect(gone).toEqual(['3 100', '4 100'])
  })
})
