/** Lines as a terminal takes them. The colours are the terminal's own sixteen, so they suit its theme. */
import type { Line, Look } from './line.ts'

export type Palette = 'colours' | 'plain' | 'none'

const bold = '1'
const dim = '2'
const reversed = '7'
const codes: Readonly<Record<Palette, Readonly<Record<Look, string>>>> = {
  colours: {
    plain: '',
    bold,
    dim,
    red: '31',
    green: '32',
    yellow: '33',
    cyan: '36',
    magenta: '35',
    head: `${bold};36`,
    bar: reversed,
    alarm: `${bold};${reversed};33`,
  },
  // Without colours what matters is still set off: that is not what people who want none mean.
  plain: {
    plain: '',
    bold,
    dim: '',
    red: bold,
    green: '',
    yellow: bold,
    cyan: '',
    magenta: '',
    head: bold,
    bar: reversed,
    alarm: `${bold};${reversed}`,
  },
  none: {
    plain: '',
    bold: '',
    dim: '',
    red: '',
    green: '',
    yellow: '',
    cyan: '',
    magenta: '',
    head: '',
    bar: '',
    alarm: '',
  },
}

export const paintedLine = (line: Line, palette: Palette): string =>
  line
    .map(({ text, look }) => {
      const code = codes[palette][look]
      return code === '' ? text : `\u001b[${code}m${text}\u001b[0m`
    })
    .join('')
