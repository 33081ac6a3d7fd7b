/**
 * A page that goes away says good-bye while it still can (`pagehide`: HTML §7.4.6; other pages would see the
 * link close only after 15 s), and joins again when the back/forward cache brings it back. `beforeunload` is
 * not used: the user may stay.
 * @module
 */
import type { Page } from './ports.ts'

/**
 * Watches a page.
 *
 * @param hide must be done when it returns: the page may never run again
 * @param show the page is back from the cache, after `hide`
 * @returns stops watching
 */
export function watchPage(page: Page | undefined, hide: () => void, show: () => void): () => void {
  if (page === undefined) return () => {}
  let hidden = false
  const onHide = (): void => {
    hidden = true
    hide()
  }
  const onShow = (): void => {
    // The first `pageshow` is the page's own loading.
    if (hidden) show()
    hidden = false
  }
  page.addEventListener('pagehide', onHide)
  page.addEventListener('pageshow', onShow)
  return () => {
    page.removeEventListener('pagehide', onHide)
    page.removeEventListener('pageshow', onShow)
  }
}
