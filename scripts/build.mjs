/**
 * `npm run build`: dist/ (the library, its declarations, the signaling server and its command) and dist-demo/ (the
 * demo as a static site).
 *
 * @module
 */

import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { die, ensureDependencies, ensureNode, ROOT, runTool } from './lib.mjs'

/** Declarations before the roll-up. Not below node_modules: what lies there counts as somebody else’s. */
const DECLARATIONS = join(ROOT, '.dts')

ensureNode()
ensureDependencies()

/** @param {Promise<number>} ended @param {string} what */
async function must(ended, what) {
  if ((await ended) !== 0) die(`building ${what} failed`)
}

/** @param {string} config */
const bundle = config => runTool(['vite'], ['build', '--config', config, '--logLevel', 'warn'])

/**
 * Rolls the declarations that tsc wrote for one entry up into one file.
 *
 * @param {string} entry - path below the repository, without extension
 * @param {string} file - name in dist/
 */
async function rollUp(entry, file) {
  const { Extractor, ExtractorConfig } = await import('@microsoft/api-extractor')
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: join(DECLARATIONS, `${entry}.d.ts`),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2022',
            module: 'ESNext',
            moduleResolution: 'bundler',
            lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
            types: ['node'],
            allowImportingTsExtensions: true,
            noEmit: true,
            skipLibCheck: true,
          },
          files: [join(DECLARATIONS, `${entry}.d.ts`)],
        },
      },
      apiReport: { enabled: false, reportFileName: 'unused.api.md' },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: join(ROOT, 'dist', file) },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: /** @type {any} */ ('warning') },
          // These ask for release tags and comment forms that this project does not use, and for types that no caller names.
          'ae-missing-release-tag': { logLevel: /** @type {any} */ ('none') },
          'ae-forgotten-export': { logLevel: /** @type {any} */ ('none') },
          'ae-unresolved-link': { logLevel: /** @type {any} */ ('none') },
        },
        tsdocMessageReporting: { default: { logLevel: /** @type {any} */ ('none') } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
  })
  const result = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: message => {
      if (message.logLevel === 'info' || message.logLevel === 'verbose') message.handled = true
      // The bundled compiler is older than the installed one; the declarations are plain enough for both.
      if (message.messageId === 'console-compiler-version-notice') message.handled = true
    },
  })
  return result.errorCount === 0 ? 0 : 1
}

/** Sources import each other as `.ts`; the roll-up takes only `.js` for one of ours in declarations. */
function renameImports() {
  for (const name of readdirSync(DECLARATIONS, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue
    const file = join(DECLARATIONS, name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(/((?:from|import\() ?['"]\.[^'"\n]*)\.ts(['"])/g, '$1.js$2'))
  }
}

rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
rmSync(DECLARATIONS, { recursive: true, force: true })
mkdirSync(join(ROOT, 'dist'), { recursive: true })

await must(runTool(['typescript', 'tsc'], ['-p', 'tsconfig.dts.json']), 'the declarations')
renameImports()
await must(rollUp('src/index', 'tabmesh.d.ts'), 'dist/tabmesh.d.ts')
await must(rollUp('server/index', 'server.d.ts'), 'dist/server.d.ts')
// After the declarations: the names they publish are kept (build/minify.ts).
await must(bundle('build/vite.lib.ts'), 'dist/tabmesh.js')
await must(bundle('build/vite.server.ts'), 'dist/server.js')
chmodSync(join(ROOT, 'dist', 'signal-cli.js'), 0o755)
await must(bundle('vite.config.ts'), 'the demo')
rmSync(DECLARATIONS, { recursive: true, force: true })
