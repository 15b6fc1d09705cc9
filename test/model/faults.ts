/** What an actor may say aloud, and what it takes for it to. Any other fault is a violation. */
export const faults: readonly { readonly why: string; readonly when: string }[] = [
  { why: 'the record log takes long to recover', when: 'the disk is slow' },
  { why: 'the disk takes long to keep an append', when: 'the disk is slow' },
  { why: 'the cache leaves an append unanswered', when: 'the disk is slow' },
  { why: 'the journal takes long to keep an assignment', when: 'the disk is slow' },
  { why: 'EIO', when: 'the disk fails' },
]
