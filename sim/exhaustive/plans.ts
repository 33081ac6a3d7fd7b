/**
 * The small worlds. What they have in common: signatures are answered at once; randomness is that of one seed;
 * a timer fires when nothing else is under way, all that are due at one time in any order; a direction of a link and
 * each pair's signaling keep their order, and everything else is free.
 * @module
 */
import type { Plan } from './small-world.ts'

export const PLANS: readonly Plan[] = [
  {
    name: 'two-join',
    summary: 'two peers join, link and broadcast: every order',
    peers: 2,
    linked: false,
    drops: 0,
    senders: [0],
    eagerPackets: false,
  },
  {
    name: 'two-join-lossy',
    summary: 'two peers join, link and broadcast: every order, every single lost packet',
    peers: 2,
    linked: false,
    drops: 1,
    senders: [0],
    eagerPackets: false,
  },
  {
    name: 'three-broadcast',
    summary: 'three linked peers, one broadcasts: every order, every single lost packet',
    peers: 3,
    linked: true,
    drops: 1,
    senders: [0],
    eagerPackets: false,
  },
  {
    name: 'three-broadcast-crossing',
    summary: 'three linked peers, two broadcast at any moment: every order, every single lost packet',
    peers: 3,
    linked: true,
    drops: 1,
    senders: [0, 1],
    eagerPackets: false,
  },
  {
    name: 'three-join',
    summary:
      'three peers join, link and broadcast: every order of signaling; packets of links arrive at once, in one order',
    peers: 3,
    linked: false,
    drops: 0,
    senders: [0],
    eagerPackets: true,
  },
]
