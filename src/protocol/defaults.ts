/**
 * Settings over their defaults. Spreading the two into one object would make it a dictionary: engines then look every
 * setting up by its name, on each of many uses per frame.
 * @module
 */

/** The defaults, with what is given for any of them put in its place. What is given beside them is left out. */
export function overDefaults<T extends object>(defaults: T, given: Partial<T>): T {
  const settings = { ...defaults }
  for (const name of Object.keys(defaults) as (keyof T)[]) {
    const value = given[name]
    if (value !== undefined) settings[name] = value
  }
  return settings
}
