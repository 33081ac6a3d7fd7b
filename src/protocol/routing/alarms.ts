/**
 * What has to be looked at again, and when: one alarm per item, set and cleared in constant time, because
 * tens of thousands of letters a second each set one that hardly ever rings.
 * @module
 */

/** Milliseconds by which an alarm may ring late: far under what a retry or a time-out can feel. */
export const GRAIN = 10

const UNSET = -1

/** Anything with an alarm: the slot it hangs in, written by {@link Alarms} alone. */
export interface Alarmed {
  slot: number
}

/** A fresh item's slot. */
export const NO_ALARM = UNSET

export class Alarms<T extends Alarmed> {
  private readonly slots = new Map<number, Set<T>>()
  private first = Number.POSITIVE_INFINITY

  /** When `due` has something next; `Infinity` when nothing is set. */
  get next(): number {
    return this.first * GRAIN
  }

  /** Sets the item's one alarm, in place of the one it had. */
  set(item: T, at: number): void {
    const slot = Math.max(0, Math.ceil(at / GRAIN))
    if (item.slot === slot) return
    this.clear(item)
    if (slot === Number.POSITIVE_INFINITY) return
    item.slot = slot
    const items = this.slots.get(slot)
    if (items === undefined) this.slots.set(slot, new Set([item]))
    else items.add(item)
    if (slot < this.first) this.first = slot
  }

  /** As {@link set}, where that is earlier than the alarm there is. */
  sooner(item: T, at: number): void {
    if (item.slot === UNSET || at <= (item.slot - 1) * GRAIN) this.set(item, at)
  }

  clear(item: T): void {
    if (item.slot === UNSET) return
    const items = this.slots.get(item.slot)
    items?.delete(item)
    if (items?.size === 0) this.remove(item.slot)
    item.slot = UNSET
  }

  /** Takes every item whose time has come, earliest first. */
  due(now: number): T[] {
    const due: T[] = []
    while (this.next <= now) {
      const slot = this.first
      for (const item of this.slots.get(slot) ?? []) {
        item.slot = UNSET
        due.push(item)
      }
      this.remove(slot)
    }
    return due
  }

  reset(): void {
    for (const items of this.slots.values()) for (const item of items) item.slot = UNSET
    this.slots.clear()
    this.first = Number.POSITIVE_INFINITY
  }

  private remove(slot: number): void {
    this.slots.delete(slot)
    if (slot !== this.first) return
    this.first = Number.POSITIVE_INFINITY
    for (const other of this.slots.keys()) if (other < this.first) this.first = other
  }
}
