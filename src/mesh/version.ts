/** The version of this library, as in package.json. The protocol has its own (wire/limits.ts). */
export const version = '0.1.0'
