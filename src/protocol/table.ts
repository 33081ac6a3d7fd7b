/**
 * How full a machine's tables are. Everything that grows with what others send or say has a bound; these views let
 * it be checked from outside while the machine runs.
 * @module
 */

/** One table of a machine: its entries now, and the most there may ever be between two inputs. */
export interface TableSize {
  /** `machine.table`, for example `overlay.view`. */
  readonly table: string
  readonly size: number
  readonly bound: number
}
