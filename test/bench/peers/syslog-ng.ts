import { join } from 'node:path'
import { fromPackages, type Peer } from './peer.ts'

export const syslogNg: Peer = {
  name: 'syslog-ng',
  durability: 'reliable disk buffer, not synced; nobody is answered',
  speaks: 'syslog',
  program: 'syslog-ng',
  origin: fromPackages,
  words: ({ config, folder }) => [
    '--foreground',
    '--no-caps',
    `--cfgfile=${config}`,
    `--persist-file=${join(folder, 'persist')}`,
    `--pidfile=${join(folder, 'pid')}`,
    `--control=${join(folder, 'control')}`,
  ],
  config: ({ folder, port, sink }) => `@version: 3.38
options { time-reopen(1); stats-freq(0); log-msg-size(65536); };
source in { network(ip("127.0.0.1") port(${port}) transport("tcp") flags(no-parse)
  max-connections(1000) log-iw-size(100000)); };
destination out { http(url("${sink.origin}/lines") method("POST") body("$MSG") workers(8)
  batch-lines(500) batch-bytes(1048576) batch-timeout(10)
  disk-buffer(reliable(yes) disk-buf-size(4294967296) mem-buf-size(67108864)
    dir("${join(folder, 'queue')}"))); };
log { source(in); destination(out); flags(flow-control); };
`,
}
