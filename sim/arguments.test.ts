import { describe, expect, it } from 'vitest'
import { commandOf, help, nearest, parseArguments, UsageError } from './arguments.ts'
import { DEFAULTS } from './options.ts'

const names = ['broadcast', 'mass-kill', 'churn']

describe('parseArguments', () => {
  it('reads values after a space or an equals sign', () => {
    const parsed = parseArguments(['--peers', '1000', '--loss=0.05', '--scenario', 'churn', '--json'], names)
    expect(parsed.scenario).toBe('churn')
    expect(parsed.options).toEqual({ peers: 1000, loss: 0.05 })
    expect([...parsed.switches]).toEqual(['json'])
  })

  it.each([
    [['--peer', '3'], 'unknown option --peer: did you mean --peers?'],
    [['--max-pears', '3'], 'unknown option --max-pears: did you mean --max-peers?'],
    [['--jsn'], 'unknown option --jsn: did you mean --json?'],
    [['--scenario', 'mas-kil'], 'unknown scenario mas-kil: did you mean mass-kill?'],
    [['--peers'], '--peers needs a value'],
    [['--peers', '1.5'], '--peers 1.5: needs an integer from 1 to 1000000'],
    [['--loss', '2'], '--loss 2: needs a number from 0 to 0.9'],
    [['--loss', ''], '--loss : needs a number from 0 to 0.9'],
    [['--seed', '-1'], `--seed -1: needs an integer from 0 to ${2 ** 53 - 1}`],
    [['--json=1'], '--json takes no value'],
    [['peers'], 'peers is not an option: options start with --'],
    [['--latency-min', '80'], '--latency-min 80 is above --latency-max 50'],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args, names)).toThrow(new UsageError(message))
  })

  it('writes a command that reads back as the same run', () => {
    const options = { ...DEFAULTS, peers: 300, seed: 9, loss: 0.05, bandwidth: 100 }
    const command = commandOf('churn', options)
    const parsed = parseArguments(command.split(' -- ')[1]!.split(' '), names)
    expect(parsed.scenario).toBe('churn')
    expect({ ...DEFAULTS, ...parsed.options }).toEqual(options)
  })

  it('has help for every option', () => {
    for (const flag of ['peers', 'max-peers', 'seed', 'loss', 'kill', 'churn', 'json', 'list']) {
      expect(help()).toContain(`--${flag}`)
    }
  })

  it('finds the nearest name', () => {
    expect(nearest('brodcast', names)).toBe('broadcast')
  })
})
