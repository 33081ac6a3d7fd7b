/**
 * A queue whose `shift` does not move the rest: outgoing packets come by the thousand.
 * @module
 */
export class Fifo<T> {
  private items: T[] = []
  private head = 0

  get length(): number {
    return this.items.length - this.head
  }

  push(item: T): void {
    this.items.push(item)
  }

  /** The first item, left in place. */
  get first(): T | undefined {
    return this.items[this.head]
  }

  shift(): T | undefined {
    const item = this.items[this.head++]
    if (this.head >= this.items.length) {
      this.items = []
      this.head = 0
    } else if (this.head >= 1024 && this.head * 2 > this.items.length) {
      // What was taken must not stay in memory until the queue runs empty.
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }
}
