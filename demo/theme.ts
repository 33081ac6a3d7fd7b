/**
 * Dark or light: the system's choice until the person makes one, which is remembered.
 * @module
 */
import { byId } from './element.ts'

const KEY = 'tabmesh:theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

type Theme = 'dark' | 'light'

const chosen = (): Theme | undefined => {
  const value = document.documentElement.dataset['theme']
  return value === 'dark' || value === 'light' ? value : undefined
}
const current = (): Theme => chosen() ?? (dark.matches ? 'dark' : 'light')

/** Browsers that block site data throw on access: the choice then lasts as long as the page. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Nothing to do: see stored().
  }
}

export function startTheme(): void {
  const remembered = stored()
  if (remembered === 'dark' || remembered === 'light') document.documentElement.dataset['theme'] = remembered
  const button = byId('theme', HTMLButtonElement)
  const label = (): void => {
    button.setAttribute('aria-label', `Switch to the ${current() === 'dark' ? 'light' : 'dark'} theme`)
    button.title = button.getAttribute('aria-label') ?? ''
  }
  label()
  dark.addEventListener('change', label)
  button.addEventListener('click', () => {
    const next = current() === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset['theme'] = next
    remember(next)
    label()
  })
}
