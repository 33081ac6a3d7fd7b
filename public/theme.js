// The theme that somebody chose, before anything is painted: the page's modules run too late for that. The key is
// the one of demo/theme.ts.
try {
  const theme = localStorage.getItem('tabmesh:theme')
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme
} catch {
  // Site data is blocked: the system's choice holds.
}
