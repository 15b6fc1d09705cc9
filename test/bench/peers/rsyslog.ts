import { join } from 'node:path'
import { fromPackages, type Peer } from './peer.ts'

/**
 * Its queue on disk, as it is. With queue.syncQueueFiles it syncs for every message: some 270 a second were
 * seen, which nobody runs.
 */
export const rsyslog: Peer = {
  name: 'rsyslog',
  durability: 'disk queue, not synced; nobody is answered',
  speaks: 'syslog',
  program: 'rsyslogd',
  origin: fromPackages,
  words: ({ config, folder }) => ['-n', '-f', config, '-i', join(folder, 'pid')],
  config: ({ folder, port, sink }) => `
global(workDirectory="${join(folder, 'queue')}" maxMessageSize="64k")
main_queue(queue.type="Direct")
module(load="imtcp" maxSessions="1000")
input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="on")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="on") {
  action(type="omfwd" target="127.0.0.1" port="${sink.port}" protocol="tcp" template="raw"
    queue.type="Disk" queue.filename="on" queue.maxDiskSpace="8g" queue.saveOnShutdown="on"
    queue.checkpointInterval="1000" queue.dequeueBatchSize="1000"
    queue.size="10000000" action.resumeRetryCount="-1" action.resumeInterval="1")
}
`,
}
