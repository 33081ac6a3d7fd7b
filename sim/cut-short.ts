/**
 * A run whose real time is over ends between two events, and says what it has found by then.
 * @module
 */
export class CutShort extends Error {
  constructor() {
    super('the time of this run is over')
    this.name = 'CutShort'
  }
}
