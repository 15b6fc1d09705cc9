import type { IntakeEffects } from '../../actors/collector/protocol.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import type { Intake } from '../../infra/sources/intake.ts'
import type { Stage } from '../stage.ts'
import { type Filled, tellOn } from './filled.ts'

/** The collector's ports: the intake of the sources. */
export const collectorPorts = ({
  stage,
  intake,
}: {
  readonly stage: Pick<Stage, 'post'>
  readonly intake: Intake
}): Filled<IntakeEffects & { readonly tell: Tell }> => ({
  tell: tellOn(stage),
  takeGroup: () =>
    intake.take((group) => stage.post('collector', { type: 'group.offered', ...group })),
  acknowledge: ({ appendId }) => intake.acknowledge(appendId),
  refuse: ({ appendId, ...refusal }) => intake.refuse(appendId, refusal),
  closeIntake: intake.close,
  openIntake: () => intake.open(),
})
