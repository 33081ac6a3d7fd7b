/**
 * Dark or light: the system's choice until the person makes one, which is remembered. public/theme.js applies it at
 * the next load.
 * @module
 */
import { byId } from './element.ts'

/** public/theme.js reads it. */
const KEY = 'tabmesh:theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

type Theme = 'dark' | 'light'

const chosen = (): Theme | undefined => {
  const value = document.documentElement.dataset['theme']
  return value === 'dark' || value === 'light' ? value : undefined
}
const current = (): Theme => chosen() ?? (dark.matches ? 'dark' : 'light')

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Browsers that block site data throw on access: the choice then lasts as long as the page.
  }
}

export function startTheme(): void {
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
