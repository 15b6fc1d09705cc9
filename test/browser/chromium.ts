/** Where this machine has a Chromium, if it has one. */
import { existsSync } from 'node:fs'

const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
export const executablePath = places.find((path) => path !== undefined && existsSync(path))

/** Why nothing is tested in a browser; undefined where it is. */
export const withoutBrowser =
  executablePath === undefined
    ? 'there is no Chromium (apt-get install chromium, or CHROMIUM=path)'
    : undefined

/** One line on it, of a file of tests that is run by itself. */
export const sayLeftOut = (): void => {
  process.stdout.write(`Left out: the tests of the console in a browser: ${withoutBrowser}.\n`)
}
