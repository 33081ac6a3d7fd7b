/**
 * The rules of a router, as nft reads them (nft(8)).
 *
 * @module
 */

import type { Kind } from './kinds.ts'

/** A router's two interfaces. */
export const OUTSIDE = 'outside'
export const INSIDE = 'inside'

/**
 * The rules of a router of that kind. All masquerade and let nothing in that was not asked for.
 *
 * What the kinds differ in (RFC 4787): Linux keeps a port where it can, so that a plain masquerade maps one inner port to
 * one outer port whomever it talks to (endpoint-independent mapping, address- and port-dependent filtering), which hole
 * punching gets through. With `fully-random` every destination gets a port of its own, and nobody can tell which.
 */
export function routerRules(kind: Exclude<Kind, 'public'>): string {
  return `table inet lab {
  chain input {
    type filter hook input priority 0; policy accept;
    # A peer's first packet may be there before ours has made the mapping. Taken for the router's own, it would hold the
    # port, and our packets would leave by another one.
    iifname "${OUTSIDE}" meta l4proto udp drop
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
${kind === 'blocked' ? `    meta l4proto udp drop\n` : ''}    iifname "${INSIDE}" accept
    ct state established,related accept
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    oifname "${OUTSIDE}" masquerade${kind === 'symmetric' ? ' fully-random' : ''}
  }
}
`
}

/** Rules of a host: so many percent of the packets that arrive are lost. Both ways lose, as both ends are hosts. */
export function lossRules(percent: number): string {
  return `table inet loss {
  chain input {
    type filter hook input priority 0; policy accept;
    iifname != "lo" numgen random mod 100 < ${percent} drop
  }
}
`
}
