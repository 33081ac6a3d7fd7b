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
    summary: 'two peers join and link: every order',
    peers: 2,
    linked: 0,
    drops: 0,
    senders: [],
    eager: 'nothing',
  },
  {
    name: 'two-join-lossy',
    summary:
      'two peers join, link, and one broadcasts: every order of signaling; packets of links arrive at once, any one of them may be lost',
    peers: 2,
    linked: 0,
    drops: 1,
    senders: [0],
    eager: 'packets',
  },
  {
    name: 'two-broadcast',
    summary: 'two linked peers broadcast at any moment: every order, every single lost packet',
    peers: 2,
    linked: 2,
    drops: 1,
    senders: [0, 1],
    eager: 'nothing',
  },
  {
    name: 'three-broadcast',
    summary: 'three linked peers, one broadcasts: every order, every single lost packet',
    peers: 3,
    linked: 3,
    drops: 1,
    senders: [0],
    eager: 'nothing',
  },
  {
    name: 'three-broadcast-crossing',
    summary: 'three linked peers, two broadcast at any moment: every order, every single lost packet',
    peers: 3,
    linked: 3,
    drops: 1,
    senders: [0, 1],
    eager: 'nothing',
  },
  {
    name: 'three-join',
    summary:
      'three peers join and link: every order of signaling; packets of links and a browser’s own signals come at once',
    peers: 3,
    linked: 0,
    drops: 0,
    senders: [],
    eager: 'packets and signals',
  },
]
