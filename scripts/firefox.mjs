/**
 * Finds a Firefox for the tests of a mixed mesh: an installed one first, then the one that Playwright downloads.
 * Where there is none, Debian's package is installed, or else Playwright's is downloaded.
 *
 * @module
 */

import { run, tool } from './lib.mjs'
import { installWithApt, isExecutable, majorVersion, placesOf, starts } from './program.mjs'

const { env, platform } = process

/** Commands looked for on the PATH, best first. */
const COMMANDS = ['firefox-esr', 'firefox']
const PLACES = platform === 'darwin' ? ['/Applications/Firefox.app/Contents/MacOS/firefox'] : []

/** An unpatched Firefox is driven by WebDriver BiDi, which Playwright 1.64.1 calls this. */
const CHANNEL = 'moz-firefox'
/** It knows all that Playwright 1.64.1 asks of it; 140 does not (`network.addDataCollector`). */
const OLDEST = 153

/** @typedef {{ channel?: string, executablePath: string }} Launch what Playwright's `firefox.launch()` takes */

/** The one that Playwright has downloaded before, with patches of its own. @returns {Promise<Launch | undefined>} */
async function downloaded() {
  try {
    const { firefox } = await import('playwright')
    const executablePath = firefox.executablePath()
    return isExecutable(executablePath) ? { executablePath } : undefined
  } catch {
    return undefined
  }
}

/** A Firefox that is there. @returns {Promise<Launch | undefined>} */
export async function findFirefox() {
  const named = env['FIREFOX_PATH']
  if (named) {
    if (starts(named)) return { channel: CHANNEL, executablePath: named }
    throw new Error(`FIREFOX_PATH names ${named}, which does not start`)
  }
  const onPath = platform === 'win32' ? [] : COMMANDS.flatMap(name => placesOf(name))
  const executablePath = [...onPath, ...PLACES].find(
    path => starts(path) && (majorVersion(path) ?? OLDEST) >= OLDEST,
  )
  return executablePath ? { channel: CHANNEL, executablePath } : downloaded()
}

/**
 * A Firefox, installed first where there is none.
 *
 * @returns {Promise<Launch | undefined>} nothing where none can be had
 */
export async function ensureFirefox() {
  const found = await findFirefox()
  if (found) return found
  if (installWithApt(['firefox-esr'])) {
    const installed = await findFirefox()
    if (installed) return installed
  }
  console.log('No Firefox found: downloading the one Playwright names …')
  await run(process.execPath, [tool('playwright'), 'install', 'firefox'], { timeout: 5 * 60_000 })
  const fetched = await downloaded()
  return fetched && starts(fetched.executablePath) ? fetched : undefined
}
