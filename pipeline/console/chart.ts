/** A statechart as it is drawn: what a build lays out, and a page shows. Lengths are pixels. */
export type Charts = { readonly machines: readonly Chart[] }

export type Chart = {
  readonly id: string
  /** For a place that is broad, and for one that is narrow. */
  readonly wide: Drawing
  readonly tall: Drawing
}

export type Drawing = {
  readonly width: number
  readonly height: number
  readonly states: readonly DrawnState[]
  readonly arrows: readonly DrawnArrow[]
}

export type DrawnState = {
  readonly key: string
  readonly kind: 'initial' | 'final' | 'between'
  /** The actor that it waits on, with a deadline; null: it does not wait. */
  readonly waitsOn: string | null
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export type DrawnArrow = {
  readonly from: string
  readonly to: string
  /** The messages and conditions that lead this way. */
  readonly labels: readonly string[]
  /** An SVG path. */
  readonly path: string
}
