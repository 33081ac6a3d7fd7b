/**
 * The networks of the lab, as one shell script: namespaces, wires between them, addresses, routes, rules.
 *
 * @module
 */

import { INSIDE, lossRules, OUTSIDE, routerRules } from './nat.ts'
import { type Place, PUBLIC } from './place.ts'

/** What makes the networks; `loss` in percent. For `sh`, as root; it ends at the first thing that goes wrong. */
export function topologyScript(places: readonly Place[], loss: number): string {
  const hosts = [PUBLIC.namespace, ...places.map(place => place.namespace)]
  return [
    'set -eu',
    ...publicNetwork(),
    ...places.flatMap(place => network(place)),
    ...(loss > 0 ? hosts.flatMap(host => rules(host, lossRules(loss))) : []),
    '',
  ].join('\n')
}

function publicNetwork(): string[] {
  const { namespace, address, bridge } = PUBLIC
  return [
    ...namespaceOf(namespace),
    `ip -n ${namespace} link add ${bridge} type bridge`,
    `ip -n ${namespace} addr add ${address}/24 dev ${bridge}`,
    `ip -n ${namespace} link set ${bridge} up`,
    // Chromium asks for the way to a public address to learn its own. Nothing is there.
    `ip -n ${namespace} route add default dev ${bridge}`,
  ]
}

function network(place: Place): string[] {
  const { namespace, router, name, outside, inside, kind } = place
  const gate = router ?? namespace
  const lines = [
    ...namespaceOf(gate),
    `ip link add ${OUTSIDE} netns ${gate} type veth peer name ${name} netns ${PUBLIC.namespace}`,
    `ip -n ${PUBLIC.namespace} link set ${name} master ${PUBLIC.bridge} up`,
    ...addressed(gate, OUTSIDE, outside, PUBLIC.address),
  ]
  if (router === undefined || kind === 'public') return lines
  return [
    ...lines,
    ...namespaceOf(namespace),
    `ip link add ${INSIDE} netns ${router} type veth peer name ${OUTSIDE} netns ${namespace}`,
    `ip -n ${router} addr add ${inside}.1/24 dev ${INSIDE}`,
    `ip -n ${router} link set ${INSIDE} up`,
    ...addressed(namespace, OUTSIDE, `${inside}.2`, `${inside}.1`),
    ...rules(router, routerRules(kind)),
    `ip netns exec ${router} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'`,
  ]
}

function namespaceOf(name: string): string[] {
  const v6 = '/proc/sys/net/ipv6/conf/default/disable_ipv6'
  return [
    `ip netns add ${name}`,
    // There is one protocol to think about; a kernel without IPv6 has no such file.
    `ip netns exec ${name} sh -c 'test ! -e ${v6} || echo 1 > ${v6}'`,
    `ip -n ${name} link set lo up`,
  ]
}

function addressed(namespace: string, device: string, address: string, gateway: string): string[] {
  return [
    `ip -n ${namespace} addr add ${address}/24 dev ${device}`,
    `ip -n ${namespace} link set ${device} up`,
    `ip -n ${namespace} route add default via ${gateway}`,
  ]
}

function rules(namespace: string, text: string): string[] {
  return [`ip netns exec ${namespace} nft -f - <<'RULES'`, `${text}RULES`]
}
