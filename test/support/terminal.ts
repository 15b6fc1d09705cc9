/** A command in a terminal of its own: Python has one in its standard library, and Node has none. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export type Terminal = {
  readonly output: () => string
  readonly press: (keys: string) => void
  readonly resize: (size: { readonly columns: number; readonly rows: number }) => void
  readonly signal: (name: 'SIGINT' | 'SIGTERM' | 'SIGKILL') => void
  /** The exit status; negative: the signal that ended it. */
  readonly exited: Promise<number>
  readonly close: () => void
}

const driver = `
import fcntl, json, os, pty, select, signal, struct, sys, termios
columns, rows, words = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
pid, fd = pty.fork()
if pid == 0:
    resize(0, columns, rows)
    os.execvp(words[0], words)
resize(fd, columns, rows)
waiting = b''
asked = True
while True:
    ready, _, _ = select.select([fd] + ([0] if asked else []), [], [])
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        asked = len(data) > 0
        waiting += data
        *lines, waiting = waiting.split(b'\\n')
        for line in lines:
            order = json.loads(line)
            if 'keys' in order: os.write(fd, order['keys'].encode())
            if 'size' in order: resize(fd, *order['size'])
            if 'signal' in order: os.kill(pid, getattr(signal, order['signal']))
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`

export const openTerminal = (
  words: readonly string[],
  given: {
    readonly columns: number
    readonly rows: number
    readonly environment?: NodeJS.ProcessEnv
  },
): Terminal => {
  const { columns, rows, environment = {} } = given
  const child: ChildProcess = spawn(
    'python3',
    ['-c', driver, String(columns), String(rows), ...words],
    { env: { ...process.env, TERM: 'xterm-256color', ...environment }, stdio: 'pipe' },
  )
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const order = (it: object): void => void child.stdin?.write(`${JSON.stringify(it)}\n`)
  return {
    output: () => output,
    press: (keys) => order({ keys }),
    resize: (size) => order({ size: [size.columns, size.rows] }),
    signal: (name) => order({ signal: name }),
    exited: once(child, 'close').then(([status]) => status as number),
    close: () => void child.kill('SIGKILL'),
  }
}

const sequence = /\p{Cc}\[[0-9;?]*[A-Za-z]/gu

/** What was drawn last, line by line, without colours. */
export const lastFrame = (output: string): readonly string[] => {
  const frames = output.split('\u001b[?2026h\u001b[H')
  const whole = frames.filter((frame) => frame.includes('\u001b[?2026l')).at(-1) ?? ''
  const [text = ''] = whole.split('\u001b[J\u001b[?2026l')
  return text.replaceAll(sequence, '').split(/\r*\n/)
}
