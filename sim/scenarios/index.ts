/**
 * All scenarios, in the order in which `--list` names them.
 * @module
 */
import type { Scenario } from '../scenario.ts'
import { broadcast } from './broadcast.ts'
import { causal } from './causal.ts'
import { churn } from './churn.ts'
import { coldSenders } from './cold-senders.ts'
import { direct } from './direct.ts'
import { directKill } from './direct-kill.ts'
import { frozen } from './frozen.ts'
import { gap } from './gap.ts'
import { idle } from './idle.ts'
import { joins, joinsAtOnce } from './joins.ts'
import { late } from './late.ts'
import { manySenders } from './many-senders.ts'
import { massKill } from './mass-kill.ts'
import { networkChange } from './network-change.ts'
import { partition } from './partition.ts'
import { receipts } from './receipts.ts'
import { relayed } from './relayed.ts'
import { serverDown } from './server-down.ts'
import { sleeping } from './sleep.ts'
import { survey } from './survey.ts'
import { surveyFaults } from './survey-faults.ts'
import { topics } from './topics.ts'

export const scenarios: readonly Scenario[] = [
  broadcast,
  manySenders,
  coldSenders,
  massKill,
  churn,
  partition,
  frozen,
  sleeping,
  networkChange,
  serverDown,
  relayed,
  joins,
  joinsAtOnce,
  direct,
  directKill,
  gap,
  idle,
  survey,
  surveyFaults,
  topics,
  receipts,
  causal,
  late,
]
