/**
 * Memory that the main thread writes to and the sentinel's thread reads, without a message: whoever is
 * blocked can send none. All numbers are 32 bits; those that grow begin again, so they are compared for
 * being another one only.
 *
 *     0: beats of the main thread   1: records held   2 + 2i: work of subject i   3 + 2i: its progress
 */
import { type Subject, subjects } from './subjects.ts'

export type Sight = { readonly work: 'some' | 'none'; readonly progress: number }
export type Sights = Readonly<Record<Exclude<Subject, 'event-loop'>, Sight>>

export type Board = {
  readonly buffer: SharedArrayBuffer
  readonly write: (records: number, sights: Sights) => void
  /** The main thread is there, though there is nothing to watch yet, or any more. */
  readonly beat: () => void
  readonly beats: () => number
  readonly records: () => number
  readonly sight: (subject: Subject) => Sight
}

const beatsAt = 0
const recordsAt = 1
const firstAt = 2
const lanes = 2
const int32Max = 2 ** 31 - 1

export const boardBytes = (firstAt + lanes * subjects.length) * Int32Array.BYTES_PER_ELEMENT

export const boardOn = (buffer: SharedArrayBuffer): Board => {
  const cells = new Int32Array(buffer)
  const workAt = (subject: Subject): number => firstAt + lanes * subjects.indexOf(subject)
  const beat = (): void => {
    Atomics.add(cells, beatsAt, 1)
  }
  return {
    buffer,
    beat,
    write: (records, sights) => {
      Atomics.store(cells, recordsAt, Math.min(records, int32Max))
      for (const subject of subjects) {
        if (subject === 'event-loop') continue
        const { work, progress } = sights[subject]
        Atomics.store(cells, workAt(subject) + 1, progress | 0)
        Atomics.store(cells, workAt(subject), work === 'some' ? 1 : 0)
      }
      // Last: whoever sees another beat sees what came before it.
      beat()
    },
    beats: () => Atomics.load(cells, beatsAt),
    records: () => Atomics.load(cells, recordsAt),
    sight: (subject) =>
      subject === 'event-loop'
        ? { work: 'some', progress: Atomics.load(cells, beatsAt) }
        : {
            work: Atomics.load(cells, workAt(subject)) === 0 ? 'none' : 'some',
            progress: Atomics.load(cells, workAt(subject) + 1),
          },
  }
}
