/**
 * Names a person can say. A peer's default name is a function of its id, so everybody calls a peer that has
 * not introduced itself by the name it would have chosen.
 * @module
 */
import type { PeerId } from 'tabmesh'

const ADJECTIVES =
  'Amber Azure Bold Bright Brisk Calm Clear Clever Coral Crimson Curious Dapper Eager Fair Fleet Gentle Golden Happy Hazel Indigo Ivory Jade Jolly Keen Kind Lively Lucky Mellow Merry Mossy Nimble Noble Opal Patient Plucky Quiet Rosy Rustic Sage Silver Sunny Swift Tidy Velvet Warm Wise Witty Young'.split(
    ' ',
  )
const ANIMALS =
  'Badger Beaver Bison Bittern Crane Curlew Deer Dolphin Dormouse Dove Egret Falcon Ferret Finch Fox Gecko Hare Hedgehog Heron Ibex Jackdaw Kestrel Kite Koala Lark Linnet Lynx Magpie Marten Mole Newt Orca Osprey Otter Owl Panda Penguin Plover Puffin Quail Raven Robin Seal Shrew Sparrow Squirrel Starling Stoat Swallow Swan Tern Thrush Vole Weasel Wren Yak'.split(
    ' ',
  )
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** The first 40 bits of an id, as an integer. */
export function idNumber(id: PeerId): number {
  let value = 0
  for (const character of id.slice(0, 8)) value = value * 32 + Math.max(0, BASE32.indexOf(character))
  return value
}

const pick = (list: readonly string[], index: number): string => list[index % list.length] ?? ''

/** "Amber Otter": what a peer is called until it says otherwise. */
export function defaultName(id: PeerId): string {
  const number = idNumber(id)
  return `${pick(ADJECTIVES, number)} ${pick(ANIMALS, Math.floor(number / 4096))}`
}
