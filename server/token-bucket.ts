/**
 * A token bucket that can go into debt: what has been received cannot be unreceived, so it is charged, and the
 * reader waits until the debt is paid. Time is an argument.
 * @module
 */
export class TokenBucket {
  private tokens: number
  private at: number
  private readonly rate: number
  private readonly burst: number

  /**
   * @param rate tokens per second
   * @param burst tokens it holds when full, as it is at first
   */
  constructor(rate: number, burst: number, now: number) {
    this.rate = rate
    this.burst = burst
    this.tokens = burst
    this.at = now
  }

  /** Takes `cost` tokens at `now` (ms); returns the milliseconds until the debt is paid, 0 without one. */
  take(cost: number, now: number): number {
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.at) / 1000) * this.rate) - cost
    this.at = now
    return this.tokens >= 0 ? 0 : (-this.tokens / this.rate) * 1000
  }
}
