/** Assignments as operators and endpoints see them: an epoch means one endpoint, and only grows. */
import type { RunningPipeline } from '../../pipeline/observed.ts'
import type { Assignment } from '../../schemas/messages.ts'
import type { Story } from './story.ts'

export type Epochs = {
  /** An endpoint is sent something under this assignment. */
  readonly used: (assignment: Assignment) => void
  /** An operator commands: answers what to do with the assignment that comes of it. */
  readonly commanded: (running: RunningPipeline) => (assignment: Assignment) => void
  /** A life has begun: what operators were told before still holds, or something newer does. */
  readonly begun: (running: RunningPipeline) => void
}

export const openEpochs = (story: Story): Epochs => {
  const urls = new Map<number, string>()
  let promised = 0

  const used = ({ epoch, url }: Assignment): void => {
    const known = urls.get(epoch)
    if (known !== undefined && known !== url)
      story.wrong(`epoch ${epoch} stands for ${known} and for ${url}`)
    urls.set(epoch, url)
  }
  return {
    used,
    commanded: ({ observed }) => {
      const before = observed.endpoint().epoch ?? 0
      return (assignment) => {
        used(assignment)
        if (assignment.epoch <= before)
          story.wrong(`a command got epoch ${assignment.epoch}, but ${before} was there before it`)
        promised = Math.max(promised, assignment.epoch)
      }
    },
    begun: ({ observed }) => {
      const { epoch } = observed.endpoint()
      if (promised > 0 && (epoch ?? 0) < promised)
        story.wrong(`epoch ${promised} was promised to an operator; after a restart it is ${epoch}`)
    },
  }
}
