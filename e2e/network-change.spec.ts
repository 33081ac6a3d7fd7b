/**
 * A tab changes networks under its open links, in a real browser.
 *
 * Headless Chromium has no second network to change to, and its emulated offline leaves data channels alone. So what a change
 * does to links is done to them here: from one moment on, the channels that a tab has carry nothing, either way, and nobody is told;
 * channels made after it work. ICE itself is none the wiser, so an ICE restart succeeds and helps nothing: the links are
 * those that "find no path", and are made anew.
 */
import { expect, test } from '@playwright/test'
import { calm, noErrors, Swarm, type Tab } from './swarm.ts'

test.describe.configure({ timeout: 120_000 })

let swarm: Swarm
test.beforeEach(async ({ browser }) => {
  swarm = await Swarm.start(browser)
})
test.afterEach(async () => {
  await swarm.close()
})

/** In a page, before it has links: `leaveNetwork()` silences the channels that there are. */
function movable(): void {
  let current = 0
  const networks = new WeakMap<RTCDataChannel, number>()
  const isSilent = (channel: RTCDataChannel): boolean => networks.get(channel) !== current
  const create = RTCPeerConnection.prototype.createDataChannel
  RTCPeerConnection.prototype.createDataChannel = function (this: RTCPeerConnection, ...given) {
    const channel = create.apply(this, given)
    networks.set(channel, current)
    // Registered first, so that nothing else hears what comes to a silent channel.
    channel.addEventListener('message', event => {
      if (isSilent(channel)) event.stopImmediatePropagation()
    })
    return channel
  }
  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: ArrayBufferView) => void
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
    if (!isSilent(this)) send.call(this, data as ArrayBufferView)
  }
  Object.assign(globalThis, {
    leaveNetwork: () => {
      current++
      // Nor does a good-bye to the server get out: it hears of the change when the same key is there again.
      WebSocket.prototype.close = () => {}
      Object.assign(globalThis, { leftAt: performance.now() })
      dispatchEvent(new Event('online'))
    },
  })
}

const eventsOf = (tab: Tab) => tab.page.evaluate(() => globalThis.tab.events.map(({ name }) => name))

for (const [title, count, maxPeers] of [
  ['a tab on another network has new links to its neighbours, and nobody hears of an end', 4, 8],
  ['also where every table is full', 5, 4],
] as const) {
  test(title, async () => {
    const [mover] = (await swarm.open(1, { maxPeers, idle: true })) as [Tab]
    await mover.page.evaluate(movable)
    await mover.page.evaluate(() => globalThis.tab.mesh.join())
    const others = await swarm.open(count - 1, { maxPeers })
    const tabs = [mover, ...others]
    for (const tab of tabs)
      await expect.poll(async () => (await tab.neighbours()).length, { timeout: 60_000 }).toBe(count - 1)
    await calm(tabs)
    for (const tab of tabs) await tab.page.evaluate(() => globalThis.tab.events.splice(0))
    await mover.page.evaluate(() => {
      const states: string[] = []
      Object.assign(globalThis, { states })
      globalThis.tab.mesh.on('state', state => states.push(state))
    })
    await mover.page.evaluate(() => Reflect.get(globalThis, 'leaveNetwork')())
    const states = () => mover.page.evaluate(() => Reflect.get(globalThis, 'states') as string[])
    await expect
      .poll(async () => (await states())[0], { intervals: [50], timeout: 10_000 })
      .toBe('reconnecting')
    const missed: Record<string, number> = {}
    for (const [i, tab] of others.entries()) {
      missed[`missed ${i}`] = 1
      await tab.broadcast('talk', `missed ${i}`)
    }
    await expect.poll(states, { timeout: 20_000 }).toEqual(['reconnecting', 'connected'])
    await expect.poll(() => mover.heard('talk'), { timeout: 20_000 }).toEqual(missed)
    // Every link is another one than before.
    const young = () =>
      mover.page.evaluate(() => {
        const past = performance.now() - Number(Reflect.get(globalThis, 'leftAt'))
        return globalThis.tab.mesh.stats().links.filter(({ age }) => age < past).length
      })
    await expect.poll(young, { timeout: 20_000 }).toBe(count - 1)
    await calm(tabs)
    expect((await mover.neighbours()).toSorted()).toEqual(others.map(({ id }) => id).toSorted())
    for (const tab of tabs) expect(await eventsOf(tab)).toEqual([])
    expect(await mover.heard('talk')).toEqual(missed)
    await noErrors(tabs)
  })
}
