/**
 * On a narrow screen one section shows at a time; on a wide one all do and this has no effect.
 * @module
 */

export type View = 'chat' | 'mesh' | 'peers'

const isView = (value: string | undefined): value is View =>
  value === 'chat' || value === 'mesh' || value === 'peers'

let changed: (view: View) => void = () => undefined

export function shownView(): View {
  const view = document.body.dataset['view']
  return isView(view) ? view : 'chat'
}

export function showView(view: View): void {
  document.body.dataset['view'] = view
  for (const button of document.querySelectorAll<HTMLElement>('[data-show]')) {
    if (button.dataset['show'] === view) button.setAttribute('aria-current', 'true')
    else button.removeAttribute('aria-current')
  }
  changed(view)
}

export function startViews(onChange: (view: View) => void): void {
  changed = onChange
  for (const button of document.querySelectorAll<HTMLElement>('[data-show]')) {
    button.addEventListener('click', () => {
      const view = button.dataset['show']
      if (isView(view)) showView(view)
    })
  }
}
