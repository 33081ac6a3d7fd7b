/**
 * End-to-end tests: real tabs of a real browser, on the built bundle, against the real server.
 *
 * @module
 */

import { defineConfig } from '@playwright/test'
import { findBrowser } from './scripts/browser.mjs'
import { findFirefox } from './scripts/firefox.mjs'

const executablePath = await findBrowser()
const firefox = await findFirefox()

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
    headless: true,
    trace: 'off',
    screenshot: 'off',
    video: 'off',
  },
  projects: [
    {
      name: 'chromium',
      use: { browserName: 'chromium', launchOptions: executablePath ? { executablePath } : {} },
    },
    // What the link promises holds in every engine; the mesh of both is firefox.spec.ts, in the project of Chromium.
    ...(firefox
      ? [
          {
            name: 'firefox',
            testMatch: 'link-conformance.spec.ts',
            use: {
              browserName: 'firefox' as const,
              launchOptions: { executablePath: firefox.executablePath },
              ...(firefox.channel ? { channel: firefox.channel } : {}),
            },
          },
        ]
      : []),
  ],
})
