import { describe, expect, it } from 'vitest'
import type { Effect } from '../effect.ts'
import { seeded } from '../overlay/network.testing.ts'
import { Frame } from '../wire/frame.ts'
import { Reader } from '../wire/reader.ts'
import { LIVENESS } from './limits.ts'
import { Liveness, type Vital } from './liveness.ts'
import { probesFor } from './loss.ts'

const LINK = 1

/** One watcher and a neighbour that answers after `latency` ms while `alive(now)`. */
function watch(options: {
  until: number
  latency: number
  alive: (now: number) => boolean
  stall?: [number, number]
  /** Share of its PONGs, or of the PINGs to it, that are lost. */
  loss?: number
}) {
  const random = seeded(7)
  const liveness = new Liveness(seeded(1))
  const vitals: (Vital & { at: number })[] = []
  let bytes = 0
  const pongs: { at: number; frame: Uint8Array }[] = []
  const take = (out: Effect[], now: number) => {
    for (const effect of out) {
      if (effect.kind !== 'send') continue
      bytes += effect.frame.length
      if (options.alive(now) && random.u32() / 2 ** 32 >= (options.loss ?? 0))
        pongs.push({ at: now + options.latency, frame: Uint8Array.of(Frame.PONG, effect.frame[1] as number) })
    }
  }
  let out: Effect[] = []
  liveness.linkUp(LINK, 0, out)
  take(out, 0)
  for (let now = 1; now <= options.until; now++) {
    const [from, to] = options.stall ?? [-1, -1]
    if (now > from && now < to) continue
    while (pongs[0] !== undefined && pongs[0].at <= now) {
      const { frame } = pongs.shift() as { frame: Uint8Array }
      const heard = liveness.heard(LINK, now)
      if (heard !== undefined) vitals.push({ ...heard, at: now })
      const vital = liveness.frame(LINK, frame[0] as number, new Reader(frame, 1), now, [])
      if (typeof vital === 'object') vitals.push({ ...vital, at: now })
    }
    if (now < liveness.deadline) continue
    out = []
    for (const vital of liveness.tick(now, out)) vitals.push({ ...vital, at: now })
    take(out, now)
  }
  return { vitals, bytes, liveness }
}

describe('liveness', () => {
  it('measures the round trip at once, and it costs under 10 bytes a second to watch', () => {
    const { vitals, bytes, liveness } = watch({ until: 60_000, latency: 40, alive: () => true })
    expect(vitals[0]).toMatchObject({ kind: 'round-trip', milliseconds: 40 })
    expect(liveness.roundTrip(LINK)).toBeCloseTo(40, 0)
    expect(vitals.every(vital => vital.kind === 'round-trip')).toBe(true)
    expect(bytes / 60).toBeLessThan(10)
  })

  it('calls a silent link dead at its deadline, also where the time since it was heard rounds to just below', () => {
    // 12926.979963304817 - 6926.979963304818 is 5999.999999999999: found by a fuzz program with skewed clocks.
    const liveness = new Liveness(seeded(1))
    const up = 6926.979963304818
    liveness.linkUp(LINK, up, [])
    const dead = up + LIVENESS.deadAfter
    let vitals: Vital[] = []
    for (let ticks = 0; liveness.deadline <= dead && ticks < 100; ticks++)
      vitals = liveness.tick(liveness.deadline, [])
    expect(dead - up).toBeLessThan(LIVENESS.deadAfter)
    expect(vitals).toEqual([{ kind: 'dead', link: LINK }])
  })

  it('measures round trips longer than a probe waits', () => {
    const { liveness, vitals } = watch({ until: 20_000, latency: 700, alive: () => true })
    expect(liveness.roundTrip(LINK)).toBeCloseTo(700, -1)
    expect(vitals.some(vital => vital.kind === 'dead')).toBe(false)
  })

  it('suspects a silent neighbour within 2 s and gives it up after 6 s', () => {
    const { vitals } = watch({ until: 30_000, latency: 20, alive: now => now < 10_000 })
    const suspect = vitals.find(vital => vital.kind === 'suspect')
    const dead = vitals.find(vital => vital.kind === 'dead')
    expect(suspect?.at).toBeLessThanOrEqual(12_200)
    expect(dead?.at).toBeGreaterThan(10_000 + LIVENESS.deadAfter - 1300)
    expect(dead?.at).toBeLessThanOrEqual(10_000 + LIVENESS.deadAfter)
  })

  it('takes suspicion back when the neighbour speaks again', () => {
    const { vitals } = watch({ until: 30_000, latency: 20, alive: now => now < 10_000 || now > 13_000 })
    expect(vitals.filter(vital => vital.kind === 'suspect').map(vital => vital.suspect)).toEqual([
      true,
      false,
    ])
    expect(vitals.some(vital => vital.kind === 'dead')).toBe(false)
  })

  it('tells loss from death: a lossy link is seldom suspected, and a crash on it is, a little later (seed 7)', () => {
    const { vitals } = watch({ until: 320_000, latency: 20, loss: 0.36, alive: now => now < 300_000 })
    const suspicions = vitals.filter(vital => vital.kind === 'suspect' && vital.suspect)
    // One in eight silences of a second is so long by chance alone: 31 without what the link has shown (mean of twenty seeds).
    expect(suspicions.filter(({ at }) => at < 300_000).length).toBeLessThanOrEqual(6)
    expect(suspicions.at(-1)?.at).toBeLessThanOrEqual(304_000)
    expect(vitals.find(vital => vital.kind === 'dead')?.at).toBeLessThanOrEqual(306_000)
  })

  it.each([
    [0, 2],
    [0.125, 2],
    [0.2, 5],
    [0.36, 7],
    [0.5, 8],
    [1, 8],
  ])('where %d of the probes are lost, %d tell', (loss, probes) => {
    expect(probesFor(loss, 2)).toBe(probes)
  })

  it('does not hold its own stall against anybody', () => {
    const { vitals } = watch({ until: 80_000, latency: 20, alive: () => true, stall: [10_000, 70_000] })
    expect(vitals.some(vital => vital.kind === 'dead')).toBe(false)
  })

  it('asks at once when told that the neighbour is gone, and believes silence sooner', () => {
    const liveness = new Liveness(seeded(1))
    const out: Effect[] = []
    liveness.linkUp(LINK, 0, out)
    liveness.hint(LINK, 1000, out)
    expect(out).toHaveLength(2)
    const at: Record<string, number> = {}
    for (let now = 1000; now < 5000; now++) {
      if (now < liveness.deadline) continue
      for (const vital of liveness.tick(now, [])) at[vital.kind] ??= now
    }
    expect(at['suspect']).toBeLessThanOrEqual(1400)
    expect(at['dead']).toBeLessThanOrEqual(2300)
  })

  it('wakes its page once for neighbours that are due within a moment of each other', () => {
    const liveness = new Liveness(seeded(2))
    const links = [1, 2, 3, 4, 5, 6, 7]
    for (const link of links) liveness.linkUp(link, 0, [])
    let wakes = 0
    let asked = 0
    const minute = 60_000
    for (let now = 1; now <= minute; now++) {
      if (now < liveness.deadline) continue
      const out: Effect[] = []
      liveness.tick(now, out)
      wakes++
      asked += out.length
      // Each answers in the same instant.
      for (const effect of out)
        if (effect.kind === 'send') {
          const pong = Uint8Array.of(Frame.PONG, effect.frame[1] as number)
          liveness.heard(effect.link, now)
          liveness.frame(effect.link, Frame.PONG, new Reader(pong, 1), now, [])
        }
    }
    expect(wakes).toBeLessThan(asked / 2)
    // And nobody is asked much more often than he would be alone.
    expect(asked).toBeLessThan((1.3 * links.length * minute) / LIVENESS.probeAfter)
  })
})
