/**
 * How full the overlay's tables are, seen from outside: only the simulator and tests import this (see node-tables.ts).
 * @module
 */
import type { TableSize } from '../table.ts'
import { MAX_IDS } from '../wire/limits.ts'
import { MAX_WAITS } from './backoff.ts'
import { MAX_BARRIERS } from './barriers.ts'
import { MOST_DEPARTED } from './departed.ts'
import type { Overlay } from './overlay.ts'
import { ROOMY } from './plan.ts'
import { VIEW_SIZE } from './view.ts'

/** Every table that grows with what others say, with its bound. */
export function overlayTables(overlay: Overlay): TableSize[] {
  const { config, slots, view, departed, backoff } = overlay['ground']
  let told = 0
  for (const slot of slots) told += slot.neighbours?.size ?? 0
  const { maxPeers } = config
  return [
    { table: 'overlay.slots', size: slots.size, bound: maxPeers },
    { table: 'overlay.neighbours', size: told, bound: maxPeers * MAX_IDS },
    { table: 'overlay.view', size: view.size, bound: VIEW_SIZE },
    { table: 'overlay.departed', size: departed.size, bound: MOST_DEPARTED },
    { table: 'overlay.departures', size: overlay['ground'].exchange['departures'].size, bound: MAX_IDS },
    { table: 'overlay.barriers', size: overlay['ground'].barriers.size, bound: MAX_BARRIERS },
    { table: 'overlay.waits', size: backoff.size, bound: MAX_WAITS },
    { table: 'overlay.suggestions', size: overlay['plan'].suggestions, bound: ROOMY },
  ]
}
