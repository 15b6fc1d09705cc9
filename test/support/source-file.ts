/** A file of the checkout as the tidy rules look at it. */
export type SourceFile = {
  /** From the root of the checkout, with `/`. */
  readonly path: string
  readonly text: string
  /** The text with the comments blanked out; every line and column stays where it is. */
  readonly code: string
  /** The code with what is inside strings and templates blanked out too. */
  readonly bare: string
  /** What strings and templates say, each with the line on which it begins. */
  readonly strings: readonly { readonly text: string; readonly line: number }[]
}

export const sourceFile = (path: string, text: string): SourceFile => {
  const isCode = /\.tsx?$/.test(path)
  return { path, text, ...(isCode ? scanned(text) : { code: text, bare: text, strings: [] }) }
}

/** The 1-based line of a place in a text. */
export const lineAt = (text: string, index: number): number => {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1))
    line += 1
  return line
}

const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ')

/** What stands in the holes of a template is code. */
const blankTemplate = (text: string): string =>
  text
    .split(/(\$\{[^}]*\})/)
    .map((part, index) => (index % 2 === 0 ? blank(part) : part))
    .join('')

/** A comment, a string, a template without its holes, or a regular expression. */
const token =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/g
/** Before a regular expression stands what cannot end a value; else `/` divides. */
const beforePattern = /(?:^|[=(,:;![{}&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|void))\s*$/

const scanned = (text: string): Pick<SourceFile, 'code' | 'bare' | 'strings'> => {
  const parts = { code: '', bare: '' }
  const strings: { text: string; line: number }[] = []
  let at = 0
  const keep = (code: string, bare: string): void => {
    parts.code += code
    parts.bare += bare
  }
  token.lastIndex = 0
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [whole] = found
    const between = text.slice(at, found.index)
    const opening = whole.slice(0, 2)
    const isComment = opening === '//' || opening === '/*'
    if (
      whole.startsWith('/') &&
      !isComment &&
      !beforePattern.test(`${parts.bare}${between}`.slice(-40))
    ) {
      // A division: go on behind its sign.
      token.lastIndex = found.index + 1
      continue
    }
    keep(between, between)
    if (isComment) keep(blank(whole), blank(whole))
    else if (whole.startsWith('/')) keep(whole, blank(whole))
    else {
      const quote = whole.slice(0, 1)
      strings.push({ text: whole.slice(1, -1), line: lineAt(text, found.index) })
      const inside = whole.slice(1, -1)
      keep(whole, `${quote}${quote === '`' ? blankTemplate(inside) : blank(inside)}${quote}`)
    }
    at = found.index + whole.length
  }
  keep(text.slice(at), text.slice(at))
  return { ...parts, strings }
}
