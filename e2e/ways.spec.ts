/**
 * Several ways in: tabs of one browser meet without any server, and two servers are as good as the one that lives.
 */

import { expect, test } from '@playwright/test'
import { everyoneHearsEveryone, islands, noErrors, Swarm, whole } from './swarm.ts'

let swarm: Swarm

test.beforeEach(async ({ browser }) => {
  swarm = await Swarm.start(browser)
})
test.afterEach(() => swarm.close())

test('six tabs of one origin mesh without any server, miss one that crashes, and take in a newcomer', async () => {
  await swarm.signaling.kill()
  const options = { ways: ['tabs'] } as const
  const tabs = await swarm.open(6, options)
  await whole(tabs)
  await everyoneHearsEveryone(tabs, 'first')
  const [crashed, ...rest] = tabs
  await crashed?.crash()
  const [newcomer] = await swarm.open(1, options)
  if (newcomer === undefined) throw new Error('no tab')
  const all = [...rest, newcomer]
  await whole(all)
  await everyoneHearsEveryone(all, 'second')
  await noErrors(all)
})

test('of two servers one is dead: tabs join, and newcomers do', async () => {
  const tabs = await swarm.open(4, { ways: ['dead', 'server'] })
  await whole(tabs)
  const [newcomer] = await swarm.open(1, { ways: ['server', 'dead'] })
  if (newcomer === undefined) throw new Error('no tab')
  const all = [...tabs, newcomer]
  await whole(all)
  await everyoneHearsEveryone(all, 'hello')
  await noErrors(all)
})

test('the server dies after the first contact; tabs that also meet without it take in a newcomer', async () => {
  const tabs = await swarm.open(3, { ways: ['server', 'tabs'] })
  await whole(tabs)
  await swarm.signaling.kill()
  const [newcomer] = await swarm.open(1, { ways: ['server', 'tabs'] })
  if (newcomer === undefined) throw new Error('no tab')
  const all = [...tabs, newcomer]
  await whole(all)
  await everyoneHearsEveryone(all, 'after')
  expect(await islands(all)).toBe(1)
  await noErrors(all)
})
