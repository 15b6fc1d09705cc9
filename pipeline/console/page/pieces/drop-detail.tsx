import type { Drop } from '../answers.ts'
import { bytesText, count, exactText, reasonText } from '../words.ts'
import { Copy } from './copy.tsx'
import { Dialog } from './dialog.tsx'

/** Exactly which records an event names. */
export const DropDetail = ({
  drop,
  close,
}: {
  readonly drop: Drop
  readonly close: () => void
}) => (
  <Dialog title={reasonText(drop.reason)} kind="drawer" close={close}>
    <p class="drop-detail">{drop.detail}</p>
    <p class="range-figure">
      {count(drop.firstSeq)} <span class="muted">to</span> {count(drop.lastSeq)}
      <span class="muted">
        {' '}
        {drop.firstSeq === drop.lastSeq ? 'one record' : `${count(drop.records)} records`}
      </span>
    </p>
    <dl class="exact">
      <Fact name="Tenant" value={drop.tenant} />
      <Fact name="Service" value={drop.service} />
      <Fact name="Producer" value={drop.producer} />
      <Fact name="First number" value={String(drop.firstSeq)} />
      <Fact name="Last number" value={String(drop.lastSeq)} />
      <Fact name="Records" value={count(drop.records)} />
      <Fact name="Size" value={bytesText(drop.bytes)} />
      <Fact name="Recorded" value={exactText(drop.at)} />
      <Fact
        name="Records from"
        value={drop.from === null ? 'none has a time' : exactText(drop.from)}
      />
      <Fact name="Records to" value={drop.to === null ? 'none has a time' : exactText(drop.to)} />
      <Fact name="Event" value={drop.id} />
    </dl>
    <Copy label="Copy the batch range" text={rangeIdOf(drop)} />
    <Copy label="Copy as JSON" text={JSON.stringify(drop)} />
  </Dialog>
)

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)

/** As receivers know it: `<producer>/<tenant>/<service>/<first>-<last>`. */
const rangeIdOf = ({ producer, tenant, service, firstSeq, lastSeq }: Drop): string =>
  `${[producer, tenant, service].map(encodeURIComponent).join('/')}/${firstSeq}-${lastSeq}`
