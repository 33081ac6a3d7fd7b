/**
 * What a neighbour may ask for: a bucket that refills with time, so that a burst is served and a flood is not.
 * @module
 */
export class Credit {
  private amount: number
  private at: number
  private readonly most: number
  private readonly perSecond: number

  constructor(most: number, perSecond: number, now: number) {
    this.most = most
    this.perSecond = perSecond
    this.amount = most
    this.at = now
  }

  /** Takes `cost` if it is there. */
  take(cost: number, now: number): boolean {
    this.amount = Math.min(this.most, this.amount + ((now - this.at) / 1000) * this.perSecond)
    this.at = now
    if (this.amount < cost) return false
    this.amount -= cost
    return true
  }

  /** Milliseconds until `cost` is there, if nothing is taken meanwhile; `Infinity` if it never is. */
  wait(cost: number, now: number): number {
    const { amount, perSecond } = this
    return cost <= amount ? 0 : Math.max(0, ((cost - amount) / perSecond) * 1000 + this.at - now)
  }
}
