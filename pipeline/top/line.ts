/** Lines of a terminal, measured in its cells: names come from clients, and some letters take two. */
import { eastAsianWidth } from 'get-east-asian-width'

/** How a text is set off. `alarm` and `bar` are reversed, so that they stand out without colours, too. */
export type Look =
  | 'plain'
  | 'bold'
  | 'dim'
  | 'red'
  | 'green'
  | 'yellow'
  | 'cyan'
  | 'magenta'
  | 'head'
  | 'bar'
  | 'alarm'
export type Span = { readonly text: string; readonly look: Look }
export type Line = readonly Span[]

export const span = (text: string, look: Look = 'plain'): Span => ({ text: clean(text), look })
export const blank: Line = []

/** What is no letter must not reach a terminal, which might obey it. */
const clean = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\uFFFD')

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const plainAscii = /^[\u0020-\u007e]*$/
const joining = /^[\p{Mn}\p{Me}\p{Cf}]/u
const emoji = /\p{Emoji_Presentation}|\uFE0F/u

const cellsOf = (grapheme: string): number => {
  if (joining.test(grapheme)) return 0
  return emoji.test(grapheme) ? 2 : eastAsianWidth(grapheme.codePointAt(0) ?? 0)
}

export const textWidth = (text: string): number => {
  if (plainAscii.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += cellsOf(segment)
  return width
}

export const lineWidth = (line: Line): number =>
  line.reduce((width, { text }) => width + textWidth(text), 0)

/** As much of a text as fits, with an ellipsis in place of the rest. */
export const cut = (text: string, width: number): string => {
  if (textWidth(text) <= width) return text
  if (width <= 0) return ''
  let kept = ''
  let left = width - 1
  for (const { segment } of segmenter.segment(text)) {
    left -= cellsOf(segment)
    if (left < 0) break
    kept += segment
  }
  return `${kept}…`
}

/** Exactly so wide. */
export const fitted = (line: Line, width: number): Line => {
  const spans: Span[] = []
  let left = width
  for (const { text, look } of line) {
    if (left <= 0) break
    const shown = cut(text, left)
    spans.push({ text: shown, look })
    left -= textWidth(shown)
    if (shown !== text) break
  }
  return left > 0 ? [...spans, { text: ' '.repeat(left), look: 'plain' }] : spans
}

/** Texts at both ends of a line; where they do not fit, the right one goes first. */
export const apart = (left: Line, right: Line, width: number): Line => {
  const room = width - lineWidth(left) - lineWidth(right)
  if (room < 2) return fitted(left, width)
  return [...left, { text: ' '.repeat(room), look: 'plain' }, ...right]
}

/** Blocks side by side, as high as the higher one. */
export const beside = (blocks: readonly Block[], gap: number): readonly Line[] => {
  const height = Math.max(0, ...blocks.map(({ lines }) => lines.length))
  return Array.from({ length: height }, (_, row) =>
    blocks.flatMap(({ lines, width }, index) => [
      ...(index === 0 ? [] : [{ text: ' '.repeat(gap), look: 'plain' as const }]),
      ...fitted(lines[row] ?? blank, width),
    ]),
  )
}
export type Block = { readonly lines: readonly Line[]; readonly width: number }

export const padStart = (text: string, width: number): string =>
  `${' '.repeat(Math.max(0, width - textWidth(text)))}${text}`
export const padEnd = (text: string, width: number): string =>
  `${text}${' '.repeat(Math.max(0, width - textWidth(text)))}`
