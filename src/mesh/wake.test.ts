import { describe, expect, it } from 'vitest'
import { Wake } from './wake.ts'

function wake() {
  let now = 0
  let next = 0
  const timers = new Map<number, { task: () => void; at: number }>()
  const rung: number[] = []
  const wake = new Wake(
    {
      set: (task, milliseconds) => timers.set(++next, { task, at: now + milliseconds }) && next,
      clear: timer => timers.delete(timer),
    },
    () => now,
    () => rung.push(now),
  )
  const goTo = (time: number): void => {
    for (;;) {
      const due = [...timers].filter(([, { at }]) => at <= time).sort((a, b) => a[1].at - b[1].at)[0]
      if (due === undefined) break
      now = Math.max(now, due[1].at)
      timers.delete(due[0])
      due[1].task()
    }
    now = time
  }
  return { wake, rung, timers, goTo }
}

describe('the wake', () => {
  it('rings when it was asked for last', () => {
    const { wake: alarm, rung, timers, goTo } = wake()
    alarm.at(100)
    alarm.at(50)
    alarm.at(70)
    expect(timers.size).toBe(1)
    goTo(1000)
    expect(rung).toEqual([70])
    expect(timers.size).toBe(0)
  })

  it('does not touch its timer for a later time', () => {
    const { wake: alarm, timers } = wake()
    alarm.at(100)
    const before = [...timers.keys()]
    for (let at = 101; at < 200; at++) alarm.at(at)
    expect([...timers.keys()]).toEqual(before)
  })

  it('rings at once for a time that has passed, but not inside the call', () => {
    const { wake: alarm, rung, goTo } = wake()
    goTo(10)
    alarm.at(5)
    expect(rung).toEqual([])
    goTo(10)
    expect(rung).toEqual([10])
  })

  it('has no timer for never, and none after stop', () => {
    const { wake: alarm, timers } = wake()
    alarm.at(5)
    alarm.at(Number.POSITIVE_INFINITY)
    expect(timers.size).toBe(0)
    alarm.at(5)
    alarm.stop()
    expect(timers.size).toBe(0)
  })

  it('waits longer than a timer can', () => {
    const { wake: alarm, rung, goTo } = wake()
    alarm.at(2 ** 33)
    goTo(2 ** 33 - 1)
    expect(rung).toEqual([])
    goTo(2 ** 33)
    expect(rung).toEqual([2 ** 33])
  })
})
