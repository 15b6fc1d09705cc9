/** Seeds that find what was wrong once, each with what it was. They are run again with every test. */
export const seeds: Readonly<Record<number, string>> = {
  15: 'a fact of which the sync had failed was read after a restart as if it were on the disk; the next power cut took it from under those behind it, and no start could read the journal any more',
  43: 'records were appended to a segment whose retirement was under way: in the log, and in no account',
  51: 'a stop in the moment in which an endpoint changed wrote down the state of nobody, failed, and exited with 1',
  551: 'a notice that could not be kept was sent at once; after a power cut what it told of was told again, under another id',
  29741:
    'a disk that was full when drop events were archived made the pipeline give up, though space came back',
  202: 'an append that a failing disk had refused came back at a restart, under numbers that others had got meanwhile',
}
