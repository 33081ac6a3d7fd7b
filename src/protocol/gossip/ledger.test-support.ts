/**
 * What was broadcast in a test network, to compare with what arrived.
 * @module
 */
import { Network, type NetworkOptions, type Peer } from './network.test-support.ts'

export const BODY = 'x'.repeat(200)

export class Ledger {
  readonly sent = new Map<number, string[]>()
  private readonly net: Network

  constructor(net: Network) {
    this.net = net
  }

  send(from: number): number {
    const texts = this.sent.get(from) ?? []
    const text = `${from}:${texts.length}:${BODY}`
    texts.push(text)
    this.sent.set(from, texts)
    return this.net.broadcast(from, text)
  }

  /** Where a peer has not everything of everybody else, once, in order; empty when all is well. */
  differences(peers: readonly Peer[] = this.net.peers): string[] {
    const found: string[] = []
    for (const peer of peers) {
      for (const [from, texts] of this.sent) {
        const expected = peer.index === from ? [] : texts
        const got = peer.delivered.filter(each => each.from === this.net.peer(from).id).map(each => each.text)
        if (got.join() === expected.join()) continue
        const numbers = got.map(text => texts.indexOf(text)).join()
        found.push(
          `seed ${this.net.seed}: ${peer.index} has of ${from} ${numbers}, not 0…${expected.length - 1}`,
        )
      }
    }
    return found
  }
}

export function network(options: NetworkOptions): { net: Network; ledger: Ledger } {
  const net = new Network(options)
  return { net, ledger: new Ledger(net) }
}
