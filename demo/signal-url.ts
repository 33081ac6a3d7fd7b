/**
 * Which signaling server this page talks to: `/signal` of its own origin, or what `?signal=wss://…` says.
 * @module
 */

export type SignalUrl = { readonly url: string } | { readonly problem: string }

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]'])

/** The server's URL, or what is wrong with the one given and what to do about it. */
export function signalUrl(page: URL): SignalUrl {
  const given = page.searchParams.get('signal')
  if (given === null) {
    if (page.protocol !== 'http:' && page.protocol !== 'https:') {
      return {
        problem:
          'This page was opened as a file, so it has no server of its own. Run npm start, or add ?signal=wss://… to the address.',
      }
    }
    return { url: `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}/signal` }
  }
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    return {
      problem: `?signal= must be an address that begins with wss:// or ws://, and “${given}” is not one.`,
    }
  }
  if (page.protocol === 'https:' && url.protocol === 'ws:' && !LOCAL.has(url.hostname)) {
    return {
      problem:
        'A page served over https may not open a plain ws:// connection. Give a wss:// address in ?signal=.',
    }
  }
  return { url: url.href }
}
