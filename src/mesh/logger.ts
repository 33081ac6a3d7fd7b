/**
 * The application's logger, behind a shield: logging must not be able to break what it logs.
 * @module
 */
import type { Logger } from './api-options.ts'

export function shielded(logger: Logger): Logger {
  const guard =
    (level: keyof Logger) =>
    (message: string, ...details: unknown[]): void => {
      try {
        logger[level](message, ...details)
      } catch {
        // A logger that throws has nowhere left to be told of.
      }
    }
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') }
}
