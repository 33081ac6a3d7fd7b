/**
 * The state of a peer as the application sees it: `idle` → `connecting` → `connected` ⇄ `reconnecting`, and `left` in the end.
 * @module
 */
import type { NodeState } from './effect.ts'
import type { Links } from './node-links.ts'
import type { Machines } from './node-machines.ts'

export class Standing {
  signalingUp = false
  /** The last sample of the swarm was empty, or the last of the others has left: this peer is the only one. */
  alone = false
  private readonly machines: Machines
  private readonly links: Links
  private state: NodeState = 'idle'
  private hadLinks = false

  constructor(machines: Machines, links: Links) {
    this.machines = machines
    this.links = links
  }

  get current(): NodeState {
    return this.state
  }

  get joined(): boolean {
    return this.state !== 'idle' && this.state !== 'left'
  }

  /** What the links and signaling come to, after each input that may have changed them. */
  settle(): void {
    if (!this.joined) return
    if (this.links.deserted) this.alone = true
    this.links.deserted = false
    if (this.machines.overlay.linked) {
      this.hadLinks = true
      return this.become('connected')
    }
    if (this.signalingUp && this.alone) {
      // Nobody to link to is as connected as one can be: the first peer of a swarm waits for the second.
      this.hadLinks = false
      return this.become('connected')
    }
    if (this.state === 'connected' && (this.hadLinks || !this.signalingUp)) this.become('reconnecting')
  }

  become(state: NodeState): void {
    if (state === this.state) return
    this.state = state
    this.machines.gossip.cutOff(state !== 'connected')
    this.machines.out.push({ kind: 'state', state })
  }
}
