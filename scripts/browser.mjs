/**
 * Finds a browser for the end-to-end tests and benchmarks: an installed Chromium or Chrome first, then the one that
 * Playwright downloads, then Debian's package. As a program it prints the path.
 *
 * @module
 */

import { pathToFileURL } from 'node:url'
import { ensureDependencies, ensureNode, ROOT, run, tool } from './lib.mjs'
import { installWithApt, isExecutable, placesOf, starts } from './program.mjs'

const { env, platform } = process

/** Commands looked for on the PATH, best first. */
const COMMANDS = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
  'msedge',
]

/** Usual places outside the PATH. */
const PLACES = {
  darwin: ['/Applications', `${env['HOME']}/Applications`].flatMap(folder => [
    `${folder}/Chromium.app/Contents/MacOS/Chromium`,
    `${folder}/Google Chrome.app/Contents/MacOS/Google Chrome`,
    `${folder}/Microsoft Edge.app/Contents/MacOS/Microsoft Edge`,
  ]),
  win32: [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']]
    .filter(folder => folder !== undefined)
    .flatMap(folder => [
      `${folder}\\Chromium\\Application\\chrome.exe`,
      `${folder}\\Google\\Chrome\\Application\\chrome.exe`,
      `${folder}\\Microsoft\\Edge\\Application\\msedge.exe`,
    ]),
}

/** A browser that Playwright has downloaded before. */
async function downloaded() {
  try {
    const { chromium } = await import('playwright')
    const path = chromium.executablePath()
    return isExecutable(path) ? path : undefined
  } catch {
    return undefined
  }
}

/**
 * The path of a browser that is there, without installing anything.
 *
 * @returns {Promise<string | undefined>}
 */
export async function findBrowser() {
  const named = env['CHROMIUM_PATH']
  if (named) {
    if (starts(named)) return named
    throw new Error(`CHROMIUM_PATH names ${named}, which does not start`)
  }
  const onPath = platform === 'win32' ? [] : COMMANDS.flatMap(name => placesOf(name))
  const places = platform === 'darwin' || platform === 'win32' ? PLACES[platform] : []
  return [...onPath, ...places].find(starts) ?? (await downloaded())
}

/**
 * The path of a browser, installed first where there is none.
 *
 * @returns {Promise<string>}
 * @throws {Error} with a line that says what to do, where none can be had
 */
export async function ensureBrowser() {
  const found = await findBrowser()
  if (found) return found
  console.log('No Chromium or Chrome found: downloading the one Playwright names …')
  await run(process.execPath, [tool('playwright'), 'install', 'chromium'])
  const fetched = await downloaded()
  // A download may lack system libraries: then Debian's package, which brings them along.
  if (fetched && starts(fetched)) return fetched
  if (installWithApt(['chromium'])) {
    const installed = await findBrowser()
    if (installed) return installed
  }
  throw new Error('no browser: install Chromium or Chrome, or name one in CHROMIUM_PATH')
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.chdir(ROOT)
  ensureNode()
  ensureDependencies()
  try {
    console.log(await ensureBrowser())
  } catch (error) {
    console.error(`tabmesh: ${error instanceof Error ? error.message : error}`)
    process.exit(1)
  }
}
