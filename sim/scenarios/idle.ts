/**
 * Nothing happens for a minute: what does a link cost, and are links left alone?
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Scenario } from '../scenario.ts'

export function aMinuteIdle(lab: Lab): void {
  lab.idle(60_000)
}

export const idle: Scenario = {
  name: 'idle',
  summary: 'a minute without any message',
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'idleBytesPerLinkPerSecond', max: 50 },
    { field: 'linkChangesPerPeerPerMinute', max: 0.1 },
  ],
  run(lab) {
    lab.joinOneByOne()
    lab.settle()
    aMinuteIdle(lab)
  },
}
