/**
 * End-to-end tests: real tabs of a real browser, on the built bundle, against the real server.
 *
 * @module
 */

import { defineConfig } from '@playwright/test'
import { findBrowser } from './scripts/browser.mjs'

const executablePath = await findBrowser()

export default defineConfig({
  testDir: './e2e',
  globalSetup: './scripts/require-dist.mjs',
  outputDir: './test-results',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  globalTimeout: 15 * 60_000,
  reporter: [
    [process.stdout.isTTY ? 'line' : 'list'],
    [
      'json',
      {
        outputFile: process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'] ?? './node_modules/.cache/tabmesh/e2e.json',
      },
    ],
  ],
  use: {
    browserName: 'chromium',
    headless: true,
    trace: 'off',
    screenshot: 'off',
    video: 'off',
    launchOptions: executablePath ? { executablePath } : {},
  },
})
