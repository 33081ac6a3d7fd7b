/**
 * A Chromium in each namespace, started when it is first needed and then kept.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright'

export class Browsers {
  private readonly program: string
  private readonly folder: string
  private readonly running = new Map<string, Promise<Browser>>()

  /**
   * @param program - path of a Chromium
   * @param folder - for one small script per namespace
   */
  constructor(program: string, folder: string) {
    this.program = program
    this.folder = folder
  }

  in(namespace: string): Promise<Browser> {
    const browser = this.running.get(namespace) ?? this.launch(namespace)
    this.running.set(namespace, browser)
    return browser
  }

  async close(): Promise<void> {
    const closing = [...this.running.values()].map(async browser => (await browser).close())
    await Promise.allSettled(closing)
  }

  private async launch(namespace: string): Promise<Browser> {
    const wrapper = join(this.folder, namespace)
    writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${namespace} '${this.program}' "$@"\n`, {
      mode: 0o755,
    })
    // Where it puts temporary files it decides when it is loaded.
    const { chromium } = await import('playwright')
    // Signals are for the lab, which removes more than browsers.
    return chromium.launch({
      executablePath: wrapper,
      handleSIGHUP: false,
      handleSIGINT: false,
      handleSIGTERM: false,
    })
  }
}
