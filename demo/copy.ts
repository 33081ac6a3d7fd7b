/**
 * Copying to the clipboard.
 * @module
 */

/** Pages on plain http have no clipboard API; the old command still works there. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement('textarea')
    field.value = text
    // A modal dialog leaves nothing outside of it selectable.
    const shelf = document.querySelector('dialog[open]') ?? document.body
    shelf.append(field)
    field.select()
    const copied = document.execCommand('copy')
    field.remove()
    return copied
  }
}
