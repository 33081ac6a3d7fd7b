import { describe, expect, it } from 'vitest'
import { linkConformance } from './conformance.ts'
import { opened } from './conformance-dial.ts'
import { MemoryNetwork } from './memory.ts'

describe('the memory link conforms to the port', () => {
  it.each(linkConformance)('$name', async ({ run }) => {
    const network = new MemoryNetwork()
    await run({ factory: timeout => network.factory(timeout), openConnections: () => network.size })
  })
})

describe('a memory network', () => {
  it('runs on the schedule it is given, and on nothing else', async () => {
    const tasks = new Set<{ at: number; run: () => void }>()
    let now = 0
    const network = new MemoryNetwork({
      schedule: (run, delay) => {
        const task = { at: now + delay, run }
        tasks.add(task)
        return () => tasks.delete(task)
      },
    })
    /** Runs what is due until `then`. */
    const until = (then: number): void => {
      for (;;) {
        const due = [...tasks].filter(task => task.at <= then).sort((a, b) => a.at - b.at)[0]
        if (!due) return
        tasks.delete(due)
        now = due.at
        due.run()
      }
    }
    const pair = opened({ factory: () => network.factory() })
    until(0)
    const { a, b } = await pair
    a.link.send(Uint8Array.of(1))
    expect(b.packets).toHaveLength(0)
    until(0)
    expect(b.packets).toEqual([Uint8Array.of(1)])
    expect(tasks.size).toBe(0)
  })
})
