/**
 * The peer that the pointer or the keyboard is at: every view lights up the same one.
 * @module
 */
import type { PeerId } from 'tabmesh'

type Listener = (peer: PeerId | undefined) => void

export class Highlight {
  current: PeerId | undefined
  private readonly listeners: Listener[] = []

  set(peer: PeerId | undefined): void {
    if (peer === this.current) return
    this.current = peer
    for (const listener of this.listeners) listener(peer)
  }

  listen(listener: Listener): void {
    this.listeners.push(listener)
  }

  /** Lights `peer` up while the pointer or the focus is on `target`. */
  follow(target: Element, peer: PeerId): void {
    target.addEventListener('pointerenter', () => this.set(peer))
    target.addEventListener('pointerleave', () => this.set(undefined))
    target.addEventListener('focusin', () => this.set(peer))
    target.addEventListener('focusout', () => this.set(undefined))
  }
}
